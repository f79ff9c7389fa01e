// The wall: the clock runs, and the page asks for itself again every minute while the platform answers.

const clock = document.querySelector("[data-clock]");
// the time of the platform, wherever the screen hangs
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: clock.dataset.zone });
setInterval(() => { clock.textContent = time.format(new Date()); }, 5000);

const seconds = Number(document.querySelector("[data-reload]").dataset.reload);
setInterval(async () => {
  try {
    if ((await fetch("/healthz", { cache: "no-store" })).ok) location.reload();
  } catch {
    document.body.classList.add("offline");
  }
}, seconds * 1000);
