// A place that is chosen among the options fills the longitude, latitude and (where it is empty) the address of its form.
document.addEventListener("change", (event) => {
  const chosen = event.target.closest?.("[data-fills-point] input[data-longitude]");
  if (!chosen) return;
  const form = chosen.form ?? document;
  const put = (name, value, always) => {
    const field = form.querySelector(`[name="${name}"]`);
    if (!field || (!always && field.value)) return;
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  put("longitude", chosen.dataset.longitude, true);
  put("latitude", chosen.dataset.latitude, true);
  put("address", chosen.dataset.address, false);
});
