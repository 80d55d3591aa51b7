import { makeAsset } from "./asset.ts";

/**
 * All that the page does beyond HTML: it asks again every two seconds and changes what has changed, makes distances of
 * times, and rates of two observations. Without it every link and every form works.
 */
const js = String.raw;

export const SCRIPT = makeAsset(
  "script.js",
  "text/javascript; charset=utf-8",
  js`"use strict";
const EVERY = 2000, LONGEST = 30000, WINDOW = 10000;
const main = document.querySelector("main");
const live = document.getElementById("live");
const pause = document.getElementById("pause");
const PAUSED = "bits-edge paused";

/* Times: how far from now, in the largest unit that fits. */
const UNITS = [["days", 172800, 86400], ["h", 7200, 3600], ["min", 90, 60], ["s", 0, 1]];
const exact = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

function tellTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    if (time.hasAttribute("data-hour")) {
      const local = String(at.getHours()).padStart(2, "0") + ":" + String(at.getMinutes()).padStart(2, "0");
      if (time.textContent !== local) time.textContent = local;
      continue;
    }
    const isExact = time.hasAttribute("data-exact");
    const words = isExact ? exact.format(at) : distance(at - now);
    if (time.textContent === words) continue;
    time.textContent = words;
    time.title = isExact ? time.dateTime : exact.format(at);
  }
}

function distance(milliseconds) {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  const [unit, , length] = UNITS.find(([, from]) => seconds >= from);
  const words = Math.floor(seconds / length) + " " + unit;
  if (seconds < 5) return "just now";
  return milliseconds > 0 ? "in " + words : words + " ago";
}

/* Rates: from what was seen of an upload in the last ten seconds. */
const seen = new Map();

function tellRates() {
  const now = Date.now();
  const here = new Set();
  for (const place of document.querySelectorAll("[data-rate]")) {
    const { rate: id, offset, total } = place.dataset;
    here.add(id);
    const past = (seen.get(id) ?? []).filter((one) => now - one.at < WINDOW);
    past.push({ at: now, offset: Number(offset) });
    seen.set(id, past);
    const first = past[0];
    const perSecond = ((offset - first.offset) * 1000) / Math.max(1, now - first.at);
    const words = perSecond > 0 ? ", " + bytes(perSecond) + "/s, " + left((total - offset) / perSecond) + " left" : "";
    if (place.textContent !== words) place.textContent = words;
  }
  for (const id of seen.keys()) if (!here.has(id)) seen.delete(id);
}

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; value >= 1024 && unit < 4; unit += 1) value /= 1024;
  return (unit === 0 ? Math.round(value) : value.toFixed(1)) + " " + units[unit];
}

function left(seconds) {
  if (seconds < 90) return Math.ceil(seconds) + " s";
  if (seconds < 5400) return Math.round(seconds / 60) + " min";
  return seconds < 172800 ? Math.round(seconds / 3600) + " h" : Math.round(seconds / 86400) + " days";
}

/* What has changed is changed in its place, so that focus, selection and what is open stay. */
function change(old, next) {
  if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName) return old.replaceWith(next);
  if (old.nodeType === Node.TEXT_NODE) return void (old.data !== next.data && (old.data = next.data));
  if (old.nodeType !== Node.ELEMENT_NODE || old.hasAttribute("data-still")) return;
  if (old.localName === "time" && old.dateTime === next.dateTime) return;
  if (old.hasAttribute("data-rate") && next.dataset.rate === old.dataset.rate) next.textContent = old.textContent;
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old.hasAttribute("data-rows")) return changeRows(old, next);
  const news = [...next.childNodes];
  news.forEach((child, index) => (old.childNodes[index] ? change(old.childNodes[index], child) : old.append(child)));
  while (old.childNodes.length > news.length) old.lastChild.remove();
}

/* The list holds still while somebody points at it: no link moves away under a finger. */
function changeRows(old, next) {
  const isStill = old.matches(":hover, :focus-within");
  const kept = new Map([...old.children].map((row) => [row.id, row]));
  const rows = [...next.children].map((row) => {
    const own = kept.get(row.id);
    if (own) change(own, row);
    return own ?? row;
  });
  if (!isStill && rows.some((row, index) => old.children[index] !== row)) old.replaceChildren(...rows);
}

/* Asking again. */
let wait = EVERY, timer;

async function look() {
  try {
    const answer = await fetch(main.dataset.live, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = document.createElement("main");
    for (const { name, value } of main.attributes) fresh.setAttribute(name, value);
    fresh.append(...page.body.childNodes);
    change(main, fresh);
    tellTimes();
    tellRates();
    say("Live");
    wait = EVERY;
  } catch {
    say("Not live: no answer since " + last);
    wait = Math.min(LONGEST, wait * 2);
  }
  next();
}

let last = new Date().toLocaleTimeString();
function say(words) {
  if (words === "Live") last = new Date().toLocaleTimeString();
  if (live.textContent !== words) live.textContent = words;
  live.dataset.state = words.slice(0, 4);
}

function next() {
  clearTimeout(timer);
  const isPaused = sessionStorage.getItem(PAUSED) !== null;
  pause.textContent = isPaused ? "Go on" : "Pause";
  if (isPaused) say("Paused");
  else if (!document.hidden) timer = setTimeout(look, wait);
}

tellTimes();
tellRates();
setInterval(tellTimes, 5000);
if (main.dataset.live) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    if (sessionStorage.getItem(PAUSED) === null) sessionStorage.setItem(PAUSED, "1");
    else sessionStorage.removeItem(PAUSED);
    wait = 0;
    next();
  });
  document.addEventListener("visibilitychange", next);
  say("Live");
  next();
}
`,
);
