// The wall: the clock runs, and the page asks for itself again every minute while the platform answers.

const clock = document.querySelector("[data-clock]");
const two = (number) => String(number).padStart(2, "0");
setInterval(() => {
  const now = new Date();
  clock.textContent = `${two(now.getHours())}:${two(now.getMinutes())}`;
}, 5000);

const seconds = Number(document.querySelector("[data-reload]").dataset.reload);
setInterval(async () => {
  try {
    if ((await fetch("/healthz", { cache: "no-store" })).ok) location.reload();
  } catch {
    document.body.classList.add("offline");
  }
}, seconds * 1000);
