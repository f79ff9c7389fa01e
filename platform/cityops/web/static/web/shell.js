// Comforts of the shell; every page works without this file.
// Ctrl K puts the cursor into the search; Esc and a click outside close open menus; a shown message may be put away.

const menus = () => document.querySelectorAll("details.who[open], details.burger[open]");

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const field = document.querySelector("[data-shortcut=k]");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
  if (event.key === "Escape") {
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const menu of menus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A form that filters a list sends itself when a choice changes (its button stays for those without scripts).
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && event.target.matches("select, input[type=date], input[type=checkbox]")) form.requestSubmit();
});

// Fields left empty do not go into the address, so that it stays short enough to be sent to a colleague.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  for (const field of event.target.elements) {
    if (field.name && field.value === "") field.disabled = true;
  }
  setTimeout(() => {
    for (const field of event.target.elements) field.disabled = false;
  });
});

// Keys of a list: J and K walk its rows, Enter opens the one with the focus. Only where no field has the focus.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, [contenteditable]")) return;
  const step = { j: 1, k: -1 }[event.key.toLowerCase()];
  const table = document.querySelector("table[data-keys]");
  if (!step || !table) return;
  const links = [...table.querySelectorAll("tbody tr a.num")];
  const now = links.indexOf(document.activeElement);
  const next = links[now < 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + step))];
  if (next) {
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
});

// A button that names its key is pressed by it: <button data-key="m">. Only where no field has the focus.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  }
});

// A link that says so carries the filters that htmx last put into the address.
document.body.addEventListener("htmx:pushedIntoHistory", () => {
  for (const link of document.querySelectorAll("a[data-follows-results]")) {
    const asked = new URLSearchParams(location.search);
    const format = new URLSearchParams(link.search).get("format");
    if (format) asked.set("format", format);
    link.search = asked;
  }
});

// What a timer asks for says so: it is no act of the person, and a session left alone ends in spite of it.
document.body.addEventListener("htmx:configRequest", (event) => {
  const cause = event.detail.triggeringEvent?.type;
  if (!cause || cause === "refresh") event.detail.headers["X-CityOps-Refresh"] = "1";
});

// An answer without the results asked for (signed out, refused, a fault in a filter) is shown as the page that it is;
// while a page only refreshes itself, a server in trouble leaves it as it was.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, pathInfo, requestConfig } = event.detail;
  if (target.id !== "results" || (xhr.status === 200 && xhr.responseText.includes('id="results"'))) return;
  event.detail.shouldSwap = false;
  if (requestConfig.triggeringEvent?.type === "refresh" && xhr.status >= 500) return;
  location.assign(pathInfo.finalRequestPath);
});

// A part that says how often it wants to be fresh asks again, while the page is being looked at.
setInterval(() => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[hx-trigger=refresh]")) window.htmx?.trigger(part, "refresh");
}, 30000);
