// Every page: tells the server the time zone, and keeps one stream open while the page is seen.
const base = document.body.dataset.base
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
document.cookie = `headless-zone=${zone};path=${base};max-age=31536000;samesite=lax`
document.documentElement.classList.add("js")

export const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }))

const spot = document.querySelector("[data-live],[data-edit]")
const address = new URL(spot?.dataset.live || spot?.dataset.edit || base + "/_live", location)
let source, since = document.body.dataset.since, late

function open() {
  if (source || document.hidden) return
  if (since) address.searchParams.set("since", since)
  source = new EventSource(address)
  source.onopen = () => tell("live:open")
  source.onerror = () => {
    tell(source?.readyState === EventSource.CLOSED ? "live:off" : "live:lost")
  }
  for (const name of ["row", "count", "reset", "off"]) {
    source.addEventListener(name, (event) => {
      since = event.lastEventId || since
      tell("live:" + name, event.data && JSON.parse(event.data))
    })
  }
}

function close() {
  source?.close()
  source = null
}

// A hidden page needs no connection: browsers allow six to a host, however many pages are open.
document.addEventListener("visibilitychange", () => {
  clearTimeout(late)
  if (document.hidden) late = setTimeout(close, 5000)
  else open()
})
addEventListener("pagehide", close)
addEventListener("pageshow", open)

// Counts are asked for again at most twice a second, whatever happens meanwhile.
let asked
document.addEventListener("live:count", () => (asked ??= setTimeout(count, 500)))
document.addEventListener("live:reset", () => (asked ??= setTimeout(count, 500)))

async function count() {
  asked = null
  const answer = await fetch(base + "/_counts")
  if (!answer.ok) return
  const counts = await answer.json()
  for (const place of document.querySelectorAll("[data-count]")) {
    const now = counts[place.dataset.count]
    if (now === undefined || String(now) === place.textContent) continue
    place.textContent = now
    place.classList.add("new")
  }
}
