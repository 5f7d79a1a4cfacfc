/* Sends what the forms say with the page's session, or a token, and shows what comes back. Nothing is kept. */

const root = document.body.dataset.root

function address(form) {
  let path = form.dataset.path
  const query = []
  for (const input of form.querySelectorAll('[data-in]')) {
    const value = input.value.trim()
    if (value === '') continue
    if (input.dataset.in === 'path') path = path.replace(`{${input.name}}`, encodeURIComponent(value))
    if (input.dataset.in === 'query') query.push(`${encodeURIComponent(input.name)}=${encodeURIComponent(value)}`)
    if (input.dataset.in === 'raw') query.push(value.replace(/^[?&]/, '').replaceAll(' ', '%20').replaceAll('#', '%23'))
  }
  return root + path + (query.length ? `?${query.join('&')}` : '')
}

function request(form) {
  const headers = {}
  for (const input of form.querySelectorAll('[data-in=header]')) {
    if (input.value.trim()) headers[input.name] = input.value.trim()
  }
  const token = document.getElementById('token').value.trim()
  if (token) headers.Authorization = `JWT ${token}`
  const options = { method: form.dataset.method, headers, credentials: token ? 'omit' : 'same-origin' }
  const body = form.querySelector('[data-in=body]')
  if (body && body.value.trim()) {
    headers['Content-Type'] = 'application/json'
    options.body = body.value
  }
  return options
}

function element(name, text, className) {
  const made = document.createElement(name)
  if (text !== undefined) made.textContent = text
  if (className) made.className = className
  return made
}

function curl(url, options) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`
  const parts = ['curl', '-g', '-X', options.method, quoted(new URL(url, location.href).href)]
  for (const [name, value] of Object.entries(options.headers)) {
    parts.push('-H', quoted(`${name}: ${name === 'Authorization' ? 'JWT TOKEN' : value}`))
  }
  if (options.body) parts.push('-d', quoted(options.body))
  return parts.join(' ')
}

function readable(text, type) {
  if (!type.includes('json')) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

async function follow(response, pre) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    pre.textContent = (pre.textContent + value).slice(-50_000)
    pre.scrollTop = pre.scrollHeight
  }
}

async function show(form, answer, signal) {
  const url = address(form)
  const options = request(form)
  const began = performance.now()
  const response = await fetch(url, { ...options, signal })
  const took = Math.round(performance.now() - began)
  const type = response.headers.get('content-type') ?? ''
  const status = element('p', undefined, `notice ${response.ok ? 'ok' : 'warn'}`)
  status.append(element('b', `${response.status} ${response.statusText}`.trim()), ` in ${took} ms`)
  const tag = response.headers.get('etag')
  if (tag) status.append(` · ETag ${tag}`)
  const command = element('details')
  command.append(element('summary', 'As a command'), element('pre', curl(url, options)))
  const pre = element('pre')
  pre.tabIndex = 0
  answer.replaceChildren(status, pre, command)
  if (type.startsWith('text/event-stream')) await follow(response, pre)
  else pre.textContent = readable(await response.text(), type) || '(no body)'
}

async function send(event) {
  event.preventDefault()
  const form = event.currentTarget
  const answer = form.querySelector('.answer')
  const stop = form.querySelector('[data-stop]')
  const button = form.querySelector('button.p')
  const control = new AbortController()
  const end = () => control.abort()
  stop.hidden = !('streams' in form.dataset)
  stop.addEventListener('click', end)
  button.disabled = true
  answer.replaceChildren(element('p', 'Asking …', 'small'))
  try {
    await show(form, answer, control.signal)
  } catch (error) {
    if (error.name !== 'AbortError') answer.replaceChildren(element('p', `This did not work: ${error.message}`, 'sum'))
  } finally {
    stop.removeEventListener('click', end)
    stop.hidden = true
    button.disabled = false
  }
}

function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (target instanceof HTMLDetailsElement) {
    target.open = true
    target.scrollIntoView()
  }
}

for (const form of document.querySelectorAll('.try form')) form.addEventListener('submit', send)
addEventListener('hashchange', reveal)
reveal()
