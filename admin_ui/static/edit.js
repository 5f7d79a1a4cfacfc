// A form: nothing is lost by leaving, errors go when they are mended, and others' changes are told.
const form = document.getElementById("edit")
const state = form.querySelector("[data-state]")
let dirty = "dirty" in form.dataset, sending = false

export function touch() {
  dirty = true
  if (state) state.textContent = "Not saved yet"
}

form.addEventListener("input", (event) => {
  if (event.target.name?.endsWith("._find")) return
  if (!event.target.name?.startsWith("_")) touch()
  mend(event.target.closest("[data-f]"))
})
form.addEventListener("rows", touch)
form.addEventListener("submit", () => (sending = true))
addEventListener("pageshow", () => (sending = false))
addEventListener("beforeunload", (event) => {
  if (dirty && !sending) event.preventDefault()
})

function mend(field) {
  if (!field?.classList.contains("bad")) return
  field.classList.remove("bad")
  field.querySelectorAll(":scope > .err").forEach((error) => (error.hidden = true))
  field.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"))
  field.removeAttribute("aria-invalid")
}

document.addEventListener("keydown", (event) => {
  if (!(event.metaKey || event.ctrlKey) || event.key !== "s") return
  const save = form.querySelector(".sticky [value=save]")
  if (!save) return
  event.preventDefault()
  form.requestSubmit(save)
})

document.querySelector("[data-problems]")?.focus()

// A link of the summary may lead into something folded.
document.addEventListener("click", (event) => {
  const target = event.target.closest('.sum a, .notice a[href^="#"]')
  if (!target) return
  const field = document.getElementById(target.hash.slice(1))
  for (let fold = field?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true
  const pane = field?.closest(".pane")
  if (pane) {
    const panes = [...pane.parentElement.children].filter((child) => child.matches(".pane"))
    pane.parentElement.querySelectorAll(":scope > .ts input")[panes.indexOf(pane)]?.click()
  }
  setTimeout(() => field?.matches("fieldset") ? field.querySelector("input:not([type=hidden]),button")?.focus() : field?.focus())
})

// The zones a date may be meant in: the browser knows them all, so that no page has to carry them.
document.addEventListener("focusin", ({ target }) => {
  if (!("zones" in target.dataset) || target.list || !Intl.supportedValuesOf) return
  const zones = document.createElement("datalist")
  zones.id = "zones"
  zones.append(...Intl.supportedValuesOf("timeZone").map((zone) => new Option(zone)))
  document.getElementById("zones") ?? document.body.append(zones)
  target.setAttribute("list", "zones")
})

document.addEventListener("live:row", async ({ detail }) => {
  const note = document.querySelector("[data-elsewhere]")
  if (detail.by === document.body.dataset.me && sending) return
  const answer = detail.by && (await fetch(`${document.body.dataset.base}/_who/${detail.by}`))
  const who = answer?.ok ? await answer.text() : "Somebody"
  const gone = !detail.row
  note.querySelector("span").textContent = `${who} ${gone ? "deleted" : "changed"} this while you have it open.`
  note.hidden = false
  if (gone) note.querySelector("a").hidden = true
})

// Rich text has a module of its own, for the pages that have some.
const rich = () => document.querySelector("[data-markdown]") && import("./rich.js")
rich()
form.addEventListener("rows", rich)
