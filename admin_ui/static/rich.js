// Markdown in a box: buttons and keys that write its signs, and a preview that follows what one types.
const around = { bold: "**", italic: "*", strike: "~~", code: "`" }
const before = { heading: "## ", bullet: "- ", number: "1. ", task: "- [ ] ", quote: "> " }
const keys = { b: "bold", i: "italic", k: "link" }

// Typed by the browser itself, so that undoing takes it back.
function write(box, start, end, text, from, to) {
  box.focus()
  box.setSelectionRange(start, end)
  if (!document.execCommand(text ? "insertText" : "delete", false, text)) {
    box.setRangeText(text, start, end)
    box.dispatchEvent(new InputEvent("input", { bubbles: true }))
  }
  box.setSelectionRange(from, to)
}

function surround(box, sign) {
  const { value, selectionStart: start, selectionEnd: end } = box
  const size = sign.length
  const outside = value.slice(start - size, start) === sign && value.slice(end, end + size) === sign
  // A single star beside another belongs to bold.
  const other = sign === "*" && value[start - 2] === "*" && value[start - 3] !== "*"
  if (outside && !other) {
    return write(box, start - size, end + size, value.slice(start, end), start - size, end - size)
  }
  const words = value.slice(start, end)
  const left = words.length - words.trimStart().length, right = words.trimEnd().length
  const inside = words.trim() ? words.slice(0, left) + sign + words.trim() + sign + words.slice(right) : sign + sign
  const from = start + (words.trim() ? left : 0) + size
  write(box, start, end, inside, from, from + words.trim().length)
}

function link(box) {
  const { value, selectionStart: start, selectionEnd: end } = box
  const words = value.slice(start, end)
  const address = /^(https?:|mailto:|tel:|\/)\S*$/.test(words)
  const text = address ? `[](${words})` : `[${words}]()`
  const at = address || !words ? start + 1 : start + words.length + 3
  write(box, start, end, text, at, at)
}

function lines(box, sign) {
  const { value, selectionStart, selectionEnd } = box
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1
  const next = value.indexOf("\n", selectionEnd)
  const end = next < 0 ? value.length : next
  const old = value.slice(start, end).split("\n")
  const any = /^(#{1,6} |- \[[ x]\] |[-*] |\d+[.)] |> )/
  const all = old.every((line) => line.startsWith(sign) || (sign === "1. " && /^\d+\. /.test(line)))
  const made = old.map((line, place) => {
    const bare = line.replace(any, "")
    return all ? bare : (sign === "1. " ? `${place + 1}. ` : sign) + bare
  })
  const text = made.join("\n")
  write(box, start, end, text, old.length > 1 ? start : start + text.length, start + text.length)
}

function mark(box, name) {
  if (name === "link") link(box)
  else if (around[name]) surround(box, around[name])
  else lines(box, before[name])
}

// A block by itself has an empty line on both sides; it is left selected from its first empty value on.
function insert(box, source, inLine) {
  const { value, selectionStart: start, selectionEnd: end } = box
  const above = inLine || !value.slice(0, start).trim() ? "" : "\n\n".slice(/\n*$/.exec(value.slice(0, start))[0].length)
  const below = inLine ? "" : "\n\n".slice(/^\n*/.exec(value.slice(end))[0].length)
  const gap = /""|null/.exec(source)
  const at = start + above.length + (gap ? gap.index + (gap[0] === '""') : source.length)
  write(box, start, end, above + source + below, at, gap && gap[0] === "null" ? at + 4 : at)
}

const boxOf = (bar) => document.getElementById(bar.getAttribute("aria-controls"))

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-mark], [data-insert]")
  if (!button) return
  const box = boxOf(button.parentElement), { mark: name, insert: source } = button.dataset
  if (name) mark(box, name)
  else insert(box, source, "line" in button.dataset)
})

document.addEventListener("keydown", (event) => {
  const { target, key } = event
  const bar = target.closest("[data-markdown]")
  if (bar) return step(event, bar)
  const name = (event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && keys[key]
  if (!name || !target.matches(".md > textarea")) return
  event.preventDefault()
  mark(target, name)
})

// One stop of the Tab key for the whole bar; arrows go on in it.
function step(event, bar) {
  const buttons = [...bar.children]
  const place = buttons.indexOf(event.target)
  const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: -1 }[event.key]
  if (to === undefined) return
  event.preventDefault()
  const next = buttons.at(to % buttons.length)
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1
  next.focus()
}

let pause, running
const follow = (fold) => {
  clearTimeout(pause)
  pause = setTimeout(() => show(fold), 200)
}

document.addEventListener("input", ({ target }) => {
  const fold = target.closest("[data-f]")?.querySelector(":scope > [data-preview]")
  if (fold) fold.open ? follow(fold) : (fold.dataset.stale = "")
})

document.addEventListener("toggle", ({ target }) => {
  if (target.matches?.("[data-preview][data-stale]") && target.open) show(target)
}, true)

async function show(fold) {
  delete fold.dataset.stale
  running?.abort()
  running = new AbortController()
  const text = fold.closest("[data-f]").querySelector("textarea").value
  try {
    const answer = await fetch(fold.dataset.preview, {
      method: "POST", body: new URLSearchParams({ text }), signal: running.signal,
    })
    if (answer.ok && !answer.redirected) fold.lastElementChild.innerHTML = await answer.text()
  } catch (error) {
    if (error.name !== "AbortError") throw error
  }
}
