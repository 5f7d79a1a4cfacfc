// Rows and blocks: added, moved, copied and removed where they stand. The order of the inputs is the order that counts.
let next = Date.now()
const form = document.getElementById("edit")
const voice = document.createElement("p")
voice.className = "hidden"
voice.setAttribute("aria-live", "polite")
form.append(voice)

form.addEventListener("click", (event) => {
  if (event.target.closest(".grip")) return event.preventDefault()
  const button = event.target.closest("button[name=_do]")
  if (!button) return
  const act = button.value.split(":")[0]
  if (act === "add") event.preventDefault(), add(button)
  else if (acts[act]) event.preventDefault(), acts[act](button.closest("[data-row]"), button)
})

const acts = {
  up(row, button) {
    row.previousElementSibling?.before(row)
    moved(row, button)
  },
  down(row, button) {
    row.nextElementSibling?.after(row)
    moved(row, button)
  },
  copy(row) {
    const twin = rename(row.cloneNode(true), row)
    row.after(twin)
    twin.open = true
    moved(twin, twin.querySelector("summary"), "Duplicated")
  },
  remove(row) {
    const rows = row.parentElement
    const neighbour = row.nextElementSibling || row.previousElementSibling
    row.remove()
    changed(rows)
    voice.textContent = "Removed"
    ;(neighbour?.querySelector("summary") || rows.parentElement.querySelector(":scope > button,:scope > .more > summary")).focus()
  },
}

async function add(button) {
  const array = button.closest("[data-array]")
  const [, , kind = ""] = button.value.split(":")
  const query = new URLSearchParams({ path: array.dataset.array, of: array.dataset.of, kind, key: next++ })
  const answer = await fetch(`${array.dataset.rowUrl}?${query}`)
  if (!answer.ok) return form.requestSubmit(button)
  const rows = array.querySelector(":scope > [data-rows]")
  rows.insertAdjacentHTML("beforeend", await answer.text())
  const row = rows.lastElementChild
  button.closest(".more")?.removeAttribute("open")
  changed(rows)
  voice.textContent = "Added"
  ;(row.querySelector(".rb input:not([type=hidden]),.rb select,.rb textarea") || row.firstElementChild).focus()
}

function moved(row, focus, word = "Moved") {
  changed(row.parentElement)
  focus.focus()
  voice.textContent = `${word} to ${[...row.parentElement.children].indexOf(row) + 1}`
}

function changed(rows) {
  ;[...rows.children].forEach((row, index) => {
    row.querySelector(".no").textContent = String(index + 1).padStart(2, "0")
  })
  form.dispatchEvent(new Event("rows"))
}

// A copy has names and ids of its own, no row ids, and what was typed into the original.
function rename(twin, row) {
  const from = row.querySelector("input[name$='.id']").name.slice(0, -3)
  const to = from.replace(/[^.]+$/, next++)
  const swap = (text) => text.replaceAll(from, to).replaceAll(from.replaceAll(".", "-"), to.replaceAll(".", "-"))
  for (const part of [twin, ...twin.querySelectorAll("*")]) {
    for (const name of ["id", "name", "for", "value", "aria-describedby", "data-f", "data-array"]) {
      if (name === "value" && part.name !== "_do") continue
      if (part.hasAttribute(name)) part.setAttribute(name, swap(part.getAttribute(name)))
    }
  }
  const typed = row.querySelectorAll("input,select,textarea")
  twin.querySelectorAll("input,select,textarea").forEach((input, index) => {
    if (input.name.endsWith(".id")) return (input.value = "")
    input.value = typed[index].value
    input.checked = typed[index].checked
  })
  return twin
}

// By pointer: the row follows the hand, and the others make room.
form.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest(".grip")
  if (!grip) return
  const row = grip.closest("[data-row]"), rows = row.parentElement
  event.preventDefault()
  row.classList.add("drag")
  const move = ({ clientY }) => {
    for (const other of rows.children) {
      const { top, height } = other.getBoundingClientRect()
      if (other === row || clientY < top || clientY > top + height) continue
      const below = row.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING
      if (below && clientY > top + height / 2) other.after(row)
      if (!below && clientY < top + height / 2) other.before(row)
    }
  }
  // A capture would be lost whenever the row is put elsewhere.
  const dropped = new AbortController()
  const drop = () => {
    dropped.abort()
    row.classList.remove("drag")
    moved(row, row.querySelector("summary"))
  }
  addEventListener("pointermove", move, { signal: dropped.signal })
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, drop, { signal: dropped.signal })
})

// A row is called by its name, where it has one, else after its first text, while that is written.
form.addEventListener("input", ({ target }) => {
  const row = target.closest("[data-row]")
  if (!row) return
  const first = row.querySelector(".rb input:not([type]),.rb input[type=email],.rb textarea")
  const own = row.querySelector("input[name$='.id']").name.slice(0, -2)
  const name = [...row.querySelectorAll("input")].find((input) => input.name === `${own}blockName`)
  const called = name?.value || first?.value
  if ((target === first || target === name) && called) row.querySelector("summary b").textContent = called.slice(0, 80)
})
