// An open list follows what others do: rows change in place, new ones wait to be asked for.
const table = document.querySelector("tbody")
const news = document.querySelector("[data-news]")
const state = document.querySelector("[data-live]")
const { base, me } = document.body.dataset
const names = new Map()
const fresh = new Set()
let waiting = new Map(), painting, changes = [], halted

document.addEventListener("live:row", ({ detail }) => {
  waiting.set(detail.id, detail)
  changes.push(Date.now())
  if (!painting) paint()
})
document.addEventListener("live:open", say)
document.addEventListener("live:lost", () => show("Reconnecting…", false))
document.addEventListener("live:reset", () => halt("You were away for long. "))
document.addEventListener("live:off", () => halt("This list does not follow changes. "))
setInterval(say, 20000)

// The first change is shown at once, a storm of them five times a second.
function paint() {
  const batch = waiting
  waiting = new Map()
  painting = batch.size ? setTimeout(paint, 200) : null
  for (const change of batch.values()) apply(change)
  news.hidden = !fresh.size
  news.firstChild.textContent = `${fresh.size} new`
  if (batch.size) say()
}

function apply(change) {
  const old = document.getElementById("r-" + change.id)
  const mine = change.by === me
  if (!change.row) return old ? strike(old) : fresh.delete(change.id)
  if (!old) return change.kind === "update" ? null : fresh.add(change.id)
  const box = document.createElement("template")
  box.innerHTML = change.row
  const row = box.content.firstElementChild
  const focused = old.contains(document.activeElement)
  row.classList.add(mine ? "mine" : "live")
  if (!mine) sign(row, change)
  old.replaceWith(row)
  if (focused) row.querySelector("a").focus()
}

function strike(row) {
  row.classList.add("gone")
  setTimeout(() => row.remove(), 3000)
}

async function sign(row, { by, at }) {
  const note = document.createElement("span")
  note.className = "by"
  note.dataset.at = at || new Date().toISOString()
  note.dataset.who = "Somebody"
  row.firstElementChild.append(note)
  age(note)
  if (!by) return
  if (!names.has(by)) names.set(by, fetch(`${base}/_who/${by}`).then((answer) => (answer.ok ? answer.text() : "")))
  note.dataset.who = (await names.get(by)) || "Somebody"
  age(note)
}

function age(note) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(note.dataset.at)) / 1000))
  const ago = seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`
  note.textContent = `${note.dataset.who} changed this ${ago} ago`
}
setInterval(() => table?.querySelectorAll(".by").forEach(age), 5000)

function say() {
  if (halted) return
  changes = changes.filter((at) => at > Date.now() - 60000)
  show(`Live. ${changes.length} ${changes.length === 1 ? "change" : "changes"} in the last minute`, true)
}

function show(text, live) {
  if (!state || state.textContent === text) return
  state.className = live ? "pulse" : "pulse off"
  state.textContent = text
}

function halt(text) {
  halted = true
  show(text, false)
  const link = document.createElement("a")
  link.href = location
  link.textContent = "Reload"
  state.append(link)
}

// The comparisons on offer are those of the chosen field.
const filter = document.querySelector("[data-filter]")
if (filter) {
  const [field, comparison] = filter.querySelectorAll("select")
  const all = [...comparison.options]
  const fit = () => {
    const known = field.selectedOptions[0].dataset.ops.split(" ")
    comparison.replaceChildren(...all.filter((option) => known.includes(option.value)))
    comparison.selectedIndex = 0
  }
  field.addEventListener("change", fit)
  fit()
}

// Menus close like menus.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details.menu[open]")
  if (menu) menu.open = false, menu.firstElementChild.focus()
})
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false
})
