// Documents to refer to, looked for while one types. An answer that comes late never wins.
let pause, running

document.addEventListener("input", ({ target }) => {
  const place = target.closest("[data-find]")
  if (!place) return
  clearTimeout(pause)
  pause = setTimeout(() => find(place, target.value), 150)
})

document.addEventListener("keydown", (event) => {
  const place = event.key === "Enter" && event.target.closest("[data-find]")
  if (place) event.preventDefault(), find(place, event.target.value)
})

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-find] button")
  if (button) event.preventDefault(), find(button.parentElement, button.previousElementSibling.value)
})

async function find(place, text) {
  running?.abort()
  running = new AbortController()
  const field = place.closest("[data-f]")
  const box = field.querySelector("[data-options]")
  const query = new URLSearchParams({ path: field.dataset.f, of: place.dataset.of, q: text })
  for (const input of box.querySelectorAll("input:checked")) if (input.value) query.append("chosen", input.value)
  try {
    const answer = await fetch(`${place.dataset.find}?${query}`, { signal: running.signal })
    if (answer.ok) box.innerHTML = await answer.text()
  } catch (error) {
    if (error.name !== "AbortError") throw error
  }
}
