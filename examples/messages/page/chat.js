// Shows messages as they are stored, and sends them without leaving the page. Without this file the page still works.

const log = document.querySelector("#log");
const list = log.querySelector("ol");
const blank = document.querySelector("template").content.firstElementChild;
const state = document.querySelector("#state");
const newer = document.querySelector("#newer");
const form = document.querySelector("form");
const { me, api } = log.dataset;

const isMe = (person) => String(person?.id ?? person) === me;
const nameOf = (person, you) => (isMe(person) ? you : (person?.email ?? `user ${person}`));
const itemOf = (id) => document.getElementById(`message-${id}`);

// The log is drawn from its end upwards: 0 is the end, what is above is negative.
const isAtEnd = () => log.scrollTop > -40;

function showTime(time, text) {
  const moment = new Date(text);
  const isToday = moment.toDateString() === new Date().toDateString();
  time.dateTime = text;
  time.textContent = moment.toLocaleString([], { timeStyle: "short", ...(isToday ? {} : { dateStyle: "medium" }) });
}

function fill(item, message) {
  item.id = `message-${message.id}`;
  item.dataset.id = message.id;
  item.dataset.updated = message.updatedAt;
  item.classList.toggle("own", isMe(message.sender));
  item.querySelector(".from").textContent = nameOf(message.sender, "You");
  item.querySelector(".to").textContent = nameOf(message.receiver, "you");
  item.querySelector(".text").textContent = message.content;
  item.querySelector(".edited").hidden = message.updatedAt === message.createdAt;
  showTime(item.querySelector("time"), message.timestamp);
}

function place(item) {
  let before = list.lastElementChild;
  while (before && Number(before.dataset.id) > Number(item.dataset.id)) before = before.previousElementSibling;
  if (before) before.after(item);
  else list.prepend(item);
}

function show(message) {
  const known = itemOf(message.id);
  if (known?.dataset.updated === message.updatedAt) return;
  const item = known ?? blank.cloneNode(true);
  const stays = isAtEnd() || isMe(message.sender);
  fill(item, message);
  if (known) return;
  place(item);
  if (stays) log.scrollTop = 0;
  newer.hidden = stays;
}

function receive(messages) {
  // What a stream begins with may leave a gap to what is shown: then only that is certain.
  if (messages.length > 1 && !messages.some(({ id }) => itemOf(id))) list.replaceChildren();
  for (const message of messages.reverse()) show(message);
}

function say(text, isLive) {
  state.textContent = text;
  state.classList.toggle("live", isLive);
}

let pause = 500;
function listen() {
  const stream = new EventSource(`${api}/sse`);
  stream.onopen = () => {
    pause = 500;
    say("Live", true);
  };
  stream.onmessage = ({ data }) => receive(JSON.parse(data));
  stream.addEventListener("delete", ({ data }) => itemOf(data)?.remove());
  stream.onerror = () => {
    say("Reconnecting …", false);
    // The browser tries again by itself, and misses nothing, unless the answer was an error.
    if (stream.readyState !== EventSource.CLOSED) return;
    pause = Math.min(pause * 2, 30_000);
    setTimeout(listen, pause);
  };
}

async function refusal(answer) {
  const error = (await answer.json().catch(() => ({}))).errors?.[0];
  return error?.data?.errors?.map(({ message }) => message).join(" ") ?? error?.message ?? `Not sent (${answer.status}).`;
}

let isSending = false;
async function send(event) {
  event.preventDefault();
  const { content, receiver } = form.elements;
  if (isSending) return;
  isSending = true;
  let problem = "";
  try {
    const body = JSON.stringify({ content: content.value, sender: Number(me), receiver: Number(receiver.value) });
    const answer = await fetch(api, { method: "POST", headers: { "content-type": "application/json" }, body });
    if (answer.ok) content.value = "";
    else problem = await refusal(answer);
  } catch {
    problem = "Not sent: the server cannot be reached. Try again.";
  }
  isSending = false;
  document.querySelector("#problem").textContent = problem;
  content.toggleAttribute("aria-invalid", problem !== "");
  content.focus();
}

for (const time of list.querySelectorAll("time")) showTime(time, time.dateTime);
log.addEventListener("scroll", () => isAtEnd() && (newer.hidden = true), { passive: true });
newer.addEventListener("click", () => (log.scrollTop = 0));
form?.addEventListener("submit", send);
state.hidden = false;
listen();
