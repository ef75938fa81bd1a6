// The live map: paints the events of the server. Texts from other sources become text nodes, never HTML.

const LEVELS = [10, 15, 20, 25, 35, 50, 75]; // dollars, where the next colour begins
const AGES = [5, 15, 30]; // minutes, where a zone pales
const STEP_MINUTES = 5, FRAME_MS = 300; // of the play-back
const SILENT_MS = 9000; // the server sends an event every two seconds
const ANSWER_MS = 30000; // the server waits for Postgres for less than that
const RETRY_MS = 1000;
const LISTED = 12;
const SVG = "http://www.w3.org/2000/svg";
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const byId = (id) => document.getElementById(id);
const page = Object.fromEntries(
  ["badge", "badge-text", "back", "check-list", "checks", "city", "clock", "close", "day", "day-chart", "day-summary",
    "ranking-none", "ranking-rows", "explain", "forth", "least", "legend", "live", "month", "notice", "origin", "origin-parts",
    "origin-served", "pace", "run", "scrub", "spoken", "stage", "theme", "tooltip", "types", "zone", "zone-name", "zone-now",
    "zone-usual", "zones",
    "zoom"].map((id) => [id, byId(id)]));

const zones = new Map(); // zone id -> {id, x, y, element, name, borough}
const live = { clock: null, fares: new Map() }; // what is served now
let shown = live; // or the fares of an earlier time
let taxiType = "yellow";
let chosen = false; // whether the user chose the taxi type; until then it is one that has fares
let playing = false;
let openZone = null;
let focused = null;
let speed = null;
let lastEventId = "";
let earliest = null;

// --- Time: New York's wall clock, treated as UTC, so that no time zone shifts it.

const minuteOf = (text) => Date.parse(`${text}:00Z`) / 60000;
const textOf = (minute) => new Date(minute * 60000).toISOString().slice(0, 16);
const spokenTime = (text) => {
  const day = new Date(`${text}:00Z`);
  return `${WEEKDAYS[day.getUTCDay()]}, ${text.slice(0, 10)} ${text.slice(11)}`;
};
const dollars = (average) => `$${Number(average).toFixed(2)}`;
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

// --- The drawing.

export function levelOf(average) {
  return LEVELS.filter((bound) => Number(average) >= bound).length;
}

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function html(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

async function ask(address) {
  let answer;
  let found;
  try {
    answer = await fetch(address, { signal: AbortSignal.timeout(ANSWER_MS) });
    found = await answer.json();
  } catch {
    throw new Error("The map server does not answer.");
  }
  if (!answer.ok) throw new Error(found.error);
  return found;
}

async function draw() {
  const drawing = await ask("api/zones");
  frame.whole = [0, 0, drawing.width, drawing.height];
  zoomTo(frame.whole);
  for (const { zone_id: id, path, x, y } of drawing.zones) {
    const shape = element("path", { class: "zone", d: path, role: "button", tabindex: "-1", "data-zone": id });
    zones.set(id, { id, x, y, element: shape, name: `Zone ${id}`, borough: "" });
    label(zones.get(id));
    page.zones.append(shape);
  }
  focused = zones.keys().next().value;
  zones.get(focused).element.setAttribute("tabindex", "0");
  say("drawing", drawing.notice, "unknown");
}

async function learnNames() {
  const { zones: named } = await ask("api/names");
  for (const [id, name, borough] of named) {
    const zone = zones.get(id);
    if (!zone) continue;
    Object.assign(zone, { name, borough });
    label(zone);
  }
  learnNames.done = true;
  listRanking();
}

const ageOf = (fare) => minuteOf(shown.clock) - minuteOf(fare.end);

function sentence(zone) {
  const fare = shown.fares.get(zone.id);
  const place = zone.borough ? `${zone.name}, ${zone.borough}` : zone.name;
  if (!fare) return `${place}: no trips in the last hour`;
  return `${place}: ${dollars(fare.average)} average of ${plural(fare.trips, "trip")}, ` +
    `${textOf(minuteOf(fare.end) - 15).slice(11)} to ${fare.end.slice(11)}`;
}

function label(zone) {
  zone.element.setAttribute("aria-label", sentence(zone));
}

function paint(zone) {
  const fare = shown.fares.get(zone.id);
  const { dataset } = zone.element;
  if (fare) {
    dataset.level = levelOf(fare.average);
    dataset.age = AGES.filter((bound) => ageOf(fare) > bound).length;
    dataset.average = fare.average;
  } else {
    delete dataset.level;
    delete dataset.age;
    delete dataset.average;
  }
  label(zone);
}

function paintAll() {
  for (const zone of zones.values()) paint(zone);
  paintAround();
}

function paintAround() {
  page.clock.textContent = shown.clock ? spokenTime(shown.clock) : "No window is closed yet";
  const isLive = shown === live;
  page.live.setAttribute("aria-pressed", String(isLive));
  const runs = isLive || playing;
  page.run.textContent = runs ? "❚❚" : "▶";
  page.run.setAttribute("aria-label", runs ? "Pause" : "Play");
  page.pace.textContent = isLive ? paceText() : `earlier time${playing ? ", playing" : ""}`;
  if (shown.clock && document.activeElement !== page.day) page.day.value = shown.clock.slice(0, 10);
  if (shown.clock) {
    page.scrub.value = minuteOf(shown.clock) % 1440;
    page.scrub.setAttribute("aria-valuetext", shown.clock.slice(11));
  }
  if (live.clock) page.day.max = live.clock.slice(0, 10);
  listRanking();
  showZoneNow();
}

function paceText() {
  if (speed === null) return "";
  if (speed === 0) return "event time is not advancing";
  return speed < 1.5 ? "real time" : `${Math.round(speed).toLocaleString("en")}× real time`;
}

function listRanking() {
  const least = Math.max(1, Number(page.least.value) || 1);
  const rows = [...shown.fares].filter(([id, fare]) => fare.trips >= least && zones.has(id))
    .sort(([, one], [, other]) => Number(other.average) - Number(one.average) || other.trips - one.trips)
    .slice(0, LISTED);
  // Rows are reused and only their texts change: a new row would lose the keyboard focus.
  while (page["ranking-rows"].rows.length > rows.length) page["ranking-rows"].deleteRow(-1);
  rows.forEach(([id, fare], index) => {
    const row = page["ranking-rows"].rows[index] ?? rankingRow();
    const [name, average, trips] = row.cells;
    const zone = zones.get(id);
    row.dataset.zone = id;
    setText(name.firstChild, zone.borough ? `${zone.name}, ${zone.borough}` : zone.name);
    setText(average, dollars(fare.average));
    setText(trips, fare.trips.toLocaleString("en"));
  });
  page["ranking-none"].hidden = rows.length > 0;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function rankingRow() {
  const row = page["ranking-rows"].insertRow();
  const button = html("button", "", { type: "button" });
  button.addEventListener("click", () => open(Number(row.dataset.zone)));
  row.insertCell().append(button);
  row.insertCell();
  row.insertCell();
  return row;
}

// --- The stream. A hidden page disconnects, because browsers limit connections; it resumes where it was.

let source = null;
let heardAt = 0;
let retry = 0;

function connect() {
  disconnect();
  const resume = lastEventId ? `&last_event_id=${encodeURIComponent(lastEventId)}` : "";
  source = new EventSource(`events?taxi_type=${taxiType}${resume}`);
  heardAt = Date.now();
  source.addEventListener("fares", (event) => takeFares(event));
  source.addEventListener("health", (event) => takeHealth(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    lost();
    if (source?.readyState === EventSource.CLOSED) reconnect();
  });
}

function disconnect() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function reconnect() {
  disconnect();
  retry = setTimeout(connect, RETRY_MS);
}

function lost() {
  say("line", "The map server does not answer. The numbers are the last ones received. The page reconnects automatically.", "bad");
  badge([{ state: "unknown" }]);
}

function takeFares(event) {
  const change = JSON.parse(event.data);
  if (change.taxi_type !== taxiType) return;
  heardAt = Date.now();
  lastEventId = event.lastEventId;
  const touched = new Set(change.gone);
  if (change.full) {
    for (const id of live.fares.keys()) touched.add(id);
    live.fares.clear();
  }
  for (const id of change.gone) live.fares.delete(id);
  for (const [id, end, trips, average] of change.zones) {
    live.fares.set(id, { end, trips, average });
    touched.add(id);
  }
  const before = live.clock;
  live.clock = change.clock;
  if (shown !== live) return;
  // A new clock ages every zone; a correction within a window changes only its own zone.
  for (const id of before === live.clock ? touched : zones.keys()) {
    if (zones.has(id)) paint(zones.get(id));
  }
  paintAround();
  if (touched.has(openZone) || before !== live.clock) askForZone();
  afterPaint(() => document.dispatchEvent(new CustomEvent("painted", {
    detail: { readMs: change.read_ms, paintedMs: performance.timeOrigin + performance.now(), zones: touched.size },
  })));
}

function afterPaint(then) {
  requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = then; port2.postMessage(0); });
}

function takeHealth(health) {
  heardAt = Date.now();
  say("line", "");
  speed = health.speed;
  say("outage", health.outage ? `Postgres does not answer. The numbers are the last ones received. (${health.outage})` : "", "bad");
  page.stage.classList.toggle("stale", Boolean(health.outage));
  badge(health.checks);
  listChecks(health.checks);
  if (shown === live) page.pace.textContent = paceText();
  if (!chosen && !live.clock) switchToServed(health.clocks);
  if (!health.outage && !learnNames.done) learnNames().catch(() => undefined);
  if (!health.outage && earliest === null) learnSpan();
}

function badge(checks) {
  const bad = checks.find((check) => check.state === "bad");
  const unknown = checks.filter((check) => check.state === "unknown");
  const state = bad ? "bad" : unknown.length || !checks.length ? "unknown" : "good";
  const text = bad ? `${bad.name} check failed` : checks.length < 2 ? "Unknown" : unknown.length
    ? `${unknown.length} of ${checks.length} checks unknown` : "All checks passed";
  if (page.badge.dataset.state === state && page["badge-text"].textContent === text) return;
  page.badge.dataset.state = state;
  page["badge-text"].textContent = text;
  announce(bad ? bad.says : text);
}

function listChecks(checks) {
  const key = JSON.stringify(checks);
  if (listChecks.key === key) return;
  listChecks.key = key;
  page["check-list"].replaceChildren(...checks.map((check) => {
    const item = html("li", "", { "data-state": check.state });
    const link = html("a", check.name, { href: `checks.html#${check.name.toLowerCase()}` });
    const name = html("b");
    name.append(link);
    item.append(html("span", "", { class: "dot", "aria-hidden": "true" }), name,
      html("span", `${{ good: "Passed.", bad: "Failed.", unknown: "Unknown." }[check.state]} ${check.says}`),
      html("code", check.command));
    return item;
  }));
}

// --- Notices for the user; one place for all errors.

const notices = new Map();

function say(topic, text, state = "unknown") {
  if ((notices.get(topic)?.text ?? "") === text) return;
  if (text) notices.set(topic, { text, state });
  else notices.delete(topic);
  const worst = [...notices.values()].find((notice) => notice.state === "bad") ?? [...notices.values()].at(-1);
  page.notice.hidden = !worst;
  page.notice.textContent = worst?.text ?? "";
  page.notice.dataset.state = worst?.state ?? "";
}

function announce(text) {
  page.spoken.textContent = text;
}

// --- Earlier times.

let asked = 0;

async function showMoment(minute) {
  if (!Number.isFinite(minute)) return; // a year of five digits, where nothing is served
  const at = textOf(minute);
  const turn = ++asked;
  try {
    const found = await ask(`api/fares?taxi_type=${taxiType}&at=${at}`);
    if (turn !== asked) return; // a later request replaced this one, or the map is live again
    shown = { clock: at, fares: new Map(found.zones.map(([id, end, trips, average]) => [id, { end, trips, average }])) };
    say("moment", "");
    paintAll();
    askForZone();
  } catch (failure) {
    if (turn === asked) { playing = false; say("moment", failure.message, "bad"); }
  }
}

function goLive() {
  asked += 1;
  playing = false;
  shown = live;
  say("moment", "");
  paintAll();
  askForZone();
}

function move(minutes) {
  playing = false;
  if (shown.clock) showMoment(bounded(minuteOf(shown.clock) + minutes));
}

function bounded(minute) {
  const first = earliest ? minuteOf(earliest) : minute; // not known yet, or nothing is served
  return Math.max(first, live.clock ? Math.min(minute, minuteOf(live.clock)) : minute);
}

let plays = 0;

async function play() {
  const turn = ++plays;
  playing = true;
  while (playing && turn === plays) {
    const next = minuteOf(shown.clock) + STEP_MINUTES;
    if (live.clock && next > minuteOf(live.clock)) return goLive();
    const began = performance.now();
    await showMoment(next);
    await new Promise((resolve) => { setTimeout(resolve, Math.max(0, FRAME_MS - (performance.now() - began))); });
  }
}

async function learnSpan() {
  earliest = undefined; // the request is sent once
  try {
    const span = await ask(`api/span?taxi_type=${taxiType}`);
    earliest = span.earliest;
    if (earliest) page.day.min = earliest.slice(0, 10);
    page.month.hidden = span.months.length === 0;
    page.month.replaceChildren(page.month.options[0], ...span.months.map((month) => html("option", month, { value: month })));
  } catch {
    earliest = null;
  }
}

// --- One zone.

function open(id) {
  if (openZone !== null) zones.get(openZone)?.element.classList.remove("open");
  if (openZone !== id) closeOrigin();
  openZone = id;
  zones.get(id).element.classList.add("open");
  page.zone.hidden = false;
  showZoneNow();
  askForZone(true);
  page.zone.focus({ preventScroll: window.innerWidth > 960 });
}

function closeZone() {
  if (openZone === null) return;
  const { element: shape } = zones.get(openZone);
  shape.classList.remove("open");
  openZone = null;
  closeOrigin();
  page.zone.hidden = true;
  shape.focus({ preventScroll: true });
}

function showZoneNow() {
  if (openZone === null) return;
  const zone = zones.get(openZone);
  page["zone-name"].textContent = zone.borough ? `${zone.name}, ${zone.borough}` : zone.name;
  page["zone-now"].textContent = `${sentence(zone).slice(page["zone-name"].textContent.length + 2)}.`;
  const fare = shown.fares.get(openZone);
  page.explain.textContent = fare
    ? `./taxi explain window ${taxiType} ${openZone} "${fare.end.replace("T", " ")}"` : "no window";
}

// --- Where a number comes from. The answer is of the window that was clicked: it stays while the clock advances.

const ORIGINS = [
  ["Adds up from", ["on_time", "late", "published", "difference"]],
  ["Its trips", ["trip"]],
  ["Kept out", ["withdrawn", "quarantined", "duplicate", "dead_letter"]],
  ["Written and confirmed by", ["release", "publication", "parity"]],
];
let explained = 0;

async function toggleOrigin() {
  if (!page.origin.hidden) { closeOrigin(); return; }
  const fare = shown.fares.get(openZone);
  const turn = ++explained;
  page["zone-now"].setAttribute("aria-expanded", "true");
  page.origin.hidden = false;
  page["origin-served"].textContent = fare ? "Asking…" : "No window of this zone with a trip has closed within the hour.";
  page["origin-parts"].replaceChildren();
  if (!fare) return;
  try {
    const found = await ask(`api/explain?taxi_type=${taxiType}&zone_id=${openZone}&at=${fare.end}`);
    if (turn === explained) showOrigin(found.parts);
  } catch (failure) {
    if (turn === explained) page["origin-served"].textContent = failure.message;
  }
}

function closeOrigin() {
  explained += 1;
  page.origin.hidden = true;
  page["zone-now"].setAttribute("aria-expanded", "false");
}

function showOrigin(parts) {
  page["origin-served"].textContent = parts.find(({ part }) => part === "served").says;
  page["origin-parts"].replaceChildren(...ORIGINS.flatMap(([title, names]) => {
    const members = parts.filter(({ part }) => names.includes(part));
    if (!members.length) return [];
    const list = html("ul");
    list.append(...members.slice(0, LISTED).map(({ part, says }) => {
      const item = html("li");
      item.append(html("b", part.replace("_", " ")), ` ${says}`);
      return item;
    }));
    if (members.length > LISTED) list.append(html("li", `and ${plural(members.length - LISTED, "more row")}: see the command`));
    return [html("h4", title), list];
  }));
}

let zoneTimer = 0;

// At most once a second: the day changes every minute of event time, which may take a hundredth of a second.
function askForZone(now = false) {
  if (openZone === null || !shown.clock || (zoneTimer && !now)) return;
  clearTimeout(zoneTimer);
  zoneTimer = setTimeout(async () => {
    const id = openZone;
    try {
      const found = id && await ask(`api/zone?taxi_type=${taxiType}&zone_id=${id}&at=${shown.clock}`);
      if (id && id === openZone) showDay(found);
    } catch (failure) {
      page["day-summary"].textContent = failure.message;
    }
    zoneTimer = 0;
  }, now ? 0 : 1000);
}

function showDay({ day, at, usual }) {
  const bars = day.map(([end, trips, average]) => ({ slot: 95 + Math.ceil((minuteOf(end) - minuteOf(at)) / 15), trips, average: Number(average) }));
  const most = Math.max(1, ...bars.map((bar) => bar.trips));
  const highest = Math.max(10, usual ? Number(usual.high) : 0, ...bars.map((bar) => bar.average));
  const [left, width, top, height] = [34, 440, 12, 130];
  const x = (slot) => left + (slot * width) / 96;
  const y = (average) => top + height - (average / highest) * height;
  const parts = [element("line", { class: "axis", x1: left, x2: left + width, y1: top + height, y2: top + height })];
  for (const { slot, trips } of bars) {
    const tall = (trips / most) * height * 0.6;
    parts.push(element("rect", { class: "bar", x: x(slot) + 0.5, y: top + height - tall, width: width / 96 - 1, height: tall }));
  }
  let line = "";
  bars.forEach(({ slot, average }, index) => {
    const joined = index && bars[index - 1].slot === slot - 1;
    line += `${joined ? "L" : "M"}${x(slot + 0.5).toFixed(1)} ${y(average).toFixed(1)}${joined ? "" : "h0"}`;
  });
  parts.push(element("path", { class: "curve", d: line }));
  if (usual) parts.push(element("line", { class: "usual", x1: left, x2: left + width, y1: y(Number(usual.median)), y2: y(Number(usual.median)) }));
  parts.push(element("text", { x: 0, y: top + 8 }, `$${Math.round(highest)}`), element("text", { x: 0, y: top + height }, "$0"));
  for (const slot of [0, 24, 48, 72]) {
    parts.push(element("text", { x: x(slot), y: top + height + 16 }, textOf(minuteOf(at) - (96 - slot) * 15).slice(11)));
  }
  page["day-chart"].replaceChildren(...parts);
  summarise(bars, usual);
}

function summarise(bars, usual) {
  const averages = bars.map((bar) => bar.average);
  const trips = bars.reduce((sum, bar) => sum + bar.trips, 0);
  page["day-summary"].textContent = bars.length
    ? `Last 24 hours: ${plural(trips, "trip")}; the average of 15 minutes was ${dollars(Math.min(...averages))} to ${dollars(Math.max(...averages))}. Line: average; bars: trips.`
    : "Last 24 hours: no trips.";
  page["zone-usual"].textContent = usualText(usual);
}

function usualText(usual) {
  if (!usual) return "No history yet for this weekday and hour.";
  const fare = shown.fares.get(openZone);
  const range = `${dollars(usual.low)} to ${dollars(usual.high)} at this weekday and hour`;
  if (!fare) return `Usual: ${range}.`;
  const average = Number(fare.average);
  const verdict = average < Number(usual.low) ? "Unusually cheap" : average > Number(usual.high) ? "Unusually expensive" : "As usual";
  return `${verdict}. Usual: ${range}.`;
}

// --- Keyboard, pointer, zoom.

function focusOn(id) {
  zones.get(focused).element.setAttribute("tabindex", "-1");
  focused = id;
  zones.get(id).element.setAttribute("tabindex", "0");
  zones.get(id).element.focus();
}

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The nearest zone that is at most 45 degrees off this direction.
function neighbour([right, down]) {
  const from = zones.get(focused);
  let [best, least] = [null, Infinity];
  for (const zone of zones.values()) {
    const [x, y] = [zone.x - from.x, zone.y - from.y];
    const along = x * right + y * down;
    const across = Math.abs(x * down) + Math.abs(y * right);
    if (along > 0 && across <= along && along + 2 * across < least) [best, least] = [zone.id, along + 2 * across];
  }
  return best;
}

const zoneOf = (event) => Number(event.target.closest?.(".zone")?.dataset.zone ?? 0);

function showTooltip(id, x, y) {
  const zone = zones.get(id);
  const box = page.stage.getBoundingClientRect();
  page.tooltip.textContent = sentence(zone).replace(": ", "\n");
  page.tooltip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = page.tooltip;
  page.tooltip.style.left = `${Math.max(0, Math.min(x - box.left + 14, box.width - width))}px`;
  page.tooltip.style.top = `${Math.max(0, Math.min(y - box.top + 14, box.height - height))}px`;
}

const frame = { whole: [0, 0, 1, 1], now: [0, 0, 1, 1] };

function zoomTo([x, y, width, height]) {
  const [, , most, tallest] = frame.whole;
  const wide = Math.min(most, Math.max(most / 16, width));
  const tall = (wide / width) * height;
  frame.now = [Math.min(Math.max(x, 0), most - wide), Math.min(Math.max(y, 0), Math.max(0, tallest - tall)), wide, tall];
  page.city.setAttribute("viewBox", frame.now.map(Math.round).join(" "));
  page.city.classList.toggle("zoomed", wide < most);
}

function zoomBy(factor, [atX, atY] = [0.5, 0.5]) {
  const [x, y, width, height] = frame.now;
  zoomTo([x + width * atX * (1 - factor), y + height * atY * (1 - factor), width * factor, height * factor]);
}

function within(event) {
  const box = page.city.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

let drag = null;

function followPointer() {
  page.city.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, frame: frame.now, far: false }; });
  window.addEventListener("pointerup", () => { setTimeout(() => { drag = null; }); });
  page.city.addEventListener("pointermove", (event) => {
    if (drag && page.city.classList.contains("zoomed")) {
      const box = page.city.getBoundingClientRect();
      const [x, y, width, height] = drag.frame;
      const scale = Math.max(width / box.width, height / box.height);
      drag.far ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
      zoomTo([x - (event.clientX - drag.x) * scale, y - (event.clientY - drag.y) * scale, width, height]);
    }
    const id = zoneOf(event);
    if (id && !drag?.far) showTooltip(id, event.clientX, event.clientY);
    else page.tooltip.hidden = true;
  });
  page.city.addEventListener("pointerleave", () => { page.tooltip.hidden = true; });
  page.city.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !page.city.classList.contains("zoomed")) return; // the page scrolls
    event.preventDefault();
    zoomBy(event.deltaY > 0 ? 1.2 : 1 / 1.2, within(event));
  }, { passive: false });
  page.city.addEventListener("click", (event) => { if (zoneOf(event) && !drag?.far) { focused = switchStop(zoneOf(event)); open(focused); } });
}

function switchStop(id) {
  zones.get(focused).element.setAttribute("tabindex", "-1");
  zones.get(id).element.setAttribute("tabindex", "0");
  return id;
}

function followKeyboard() {
  page.city.addEventListener("keydown", (event) => {
    const id = zoneOf(event);
    if (!id) return;
    if (event.key === "Enter" || event.key === " ") open(id);
    else if (event.key in DIRECTIONS) focusOn(neighbour(DIRECTIONS[event.key]) ?? id);
    else return;
    event.preventDefault();
  });
  page.city.addEventListener("focusin", (event) => {
    const box = event.target.getBoundingClientRect();
    if (zoneOf(event) && event.target.matches(":focus-visible")) showTooltip(zoneOf(event), box.right, box.bottom);
  });
  page.city.addEventListener("focusout", () => { page.tooltip.hidden = true; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    page.tooltip.hidden = true;
    closeZone();
  });
}

function followControls() {
  page.types.addEventListener("change", (event) => {
    chosen = true;
    switchTo(event.target.value);
  });
  page.badge.addEventListener("click", () => {
    page.checks.hidden = !page.checks.hidden;
    page.badge.setAttribute("aria-expanded", String(!page.checks.hidden));
  });
  page.close.addEventListener("click", closeZone);
  page["zone-now"].addEventListener("click", toggleOrigin);
  page.least.addEventListener("input", listRanking);
  page.live.addEventListener("click", goLive);
  page.back.addEventListener("click", () => move(-15));
  page.forth.addEventListener("click", () => move(15));
  page.run.addEventListener("click", () => {
    if (playing) { playing = false; paintAround(); } else if (shown === live) move(0); else play();
  });
  page.scrub.addEventListener("input", () => {
    playing = false;
    if (shown.clock) showMoment(minuteOf(`${shown.clock.slice(0, 10)}T00:00`) + Number(page.scrub.value));
  });
  page.day.addEventListener("change", () => {
    playing = false;
    if (page.day.value) showMoment(bounded(minuteOf(`${page.day.value}T${(shown.clock ?? "T12:00").slice(-5)}`)));
  });
  page.month.addEventListener("change", () => {
    playing = false;
    if (page.month.value) showMoment(minuteOf(`${page.month.value}-02T18:00`));
  });
  page.zoom.addEventListener("click", (event) => {
    const { zoom } = event.target.dataset;
    if (zoom === "city") zoomTo(frame.whole);
    else if (zoom) zoomBy(zoom === "in" ? 1 / 1.6 : 1.6);
  });
}

function switchTo(kind) {
  closeOrigin();
  taxiType = kind;
  lastEventId = "";
  earliest = null;
  Object.assign(live, { clock: null, fares: new Map() });
  speed = null;
  goLive();
  connect();
}

// If only green trips are served, a user who has not chosen a taxi type sees those.
function switchToServed(clocks) {
  const [[kind, clock] = []] = Object.entries(clocks).sort(([, one], [, other]) => ((one ?? "") < (other ?? "") ? 1 : -1));
  if (!clock || kind === taxiType) return;
  page.types.querySelector(`input[value="${kind}"]`).checked = true;
  switchTo(kind);
}

// A browser that blocks site data throws instead; then the theme lasts as long as the page.
const stored = {
  read: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
  write: (name, value) => { try { localStorage.setItem(name, value); } catch { /* not kept */ } },
};

function followTheme() {
  const themes = ["", "light", "dark"];
  const names = { "": "system", light: "light", dark: "dark" };
  const use = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    page.theme.setAttribute("aria-label", `Theme: ${names[theme]}`);
  };
  let theme = themes.find((known) => known === stored.read("theme")) ?? "";
  use(theme);
  page.theme.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    stored.write("theme", theme);
    use(theme);
  });
}

function drawLegend() {
  page.legend.append(html("span", "no trips"),
    ...[0, ...LEVELS].map((bound, level) => html("span", `$${bound}`, { "data-level": level })));
}

function watchTheLine() {
  document.addEventListener("visibilitychange", () => { if (document.hidden) disconnect(); else connect(); });
  setInterval(() => {
    if (document.hidden || !source || Date.now() - heardAt < SILENT_MS) return;
    lost();
    connect();
  }, 1000);
}

async function start() {
  followTheme();
  drawLegend();
  followControls();
  followPointer();
  followKeyboard();
  for (;;) {
    try {
      await draw();
      break;
    } catch {
      lost();
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
  }
  connect();
  watchTheLine();
}

start();
