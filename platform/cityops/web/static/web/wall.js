// The wall: the clock runs, and the page asks for itself again every minute while the platform answers.
// The mark in the address says that a timer asks: behind it nothing but the wall stays open when nobody is there.

const clock = document.querySelector("[data-clock]");
// the time of the platform, wherever the screen hangs
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: clock.dataset.zone });
setInterval(() => { clock.textContent = time.format(new Date()); }, 5000);

const seconds = Number(document.querySelector("[data-reload]").dataset.reload);
setInterval(async () => {
  try {
    if ((await fetch("/healthz", { cache: "no-store", credentials: "omit" })).ok) location.replace("?refresh=1");
  } catch {
    document.body.classList.add("offline");
  }
}, seconds * 1000);
