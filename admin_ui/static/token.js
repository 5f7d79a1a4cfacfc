// Takes the code of a mail from behind the # of the address, where no server sees it, and out of the history.
const input = document.getElementById("token")
const code = decodeURIComponent(location.hash.slice(1))
if (input && code) {
  input.value = code
  history.replaceState(null, "", location.pathname)
}
if (input?.value && !document.getElementById("problem")) {
  input.closest("[data-token]").hidden = true
  document.getElementById("password")?.focus()
}
