// Points at a slot of a chart, by mouse, finger or arrow keys, and says its figures.
// Without it all is there but this: the same texts are in the table below each chart.
"use strict";
for (const chart of document.querySelectorAll("[data-hits]")) {
  const plot = chart.querySelector(".plot");
  const slots = Number(chart.dataset.slots);
  const hits = JSON.parse(chart.dataset.hits);
  const live = document.getElementById("live");
  let at = -1;

  const made = (tag, name, parent) => {
    const element = document.createElement(tag);
    element.className = name;
    parent.append(element);
    return element;
  };
  const cursor = made("div", "cursor", plot);
  const tip = made("div", "tip", plot);
  tip.setAttribute("aria-hidden", "true");
  cursor.hidden = tip.hidden = true;

  const hide = () => {
    at = -1;
    cursor.hidden = tip.hidden = true;
  };

  const show = (place, aloud) => {
    at = Math.max(0, Math.min(hits.length - 1, place));
    const [slot, title, ...rows] = hits[at];
    tip.replaceChildren();
    made("strong", "", tip).textContent = title;
    for (const [name, text] of rows) {
      const line = made("div", "", tip);
      made("span", "", line).textContent = name;
      made("b", "", line).textContent = text;
    }
    cursor.hidden = tip.hidden = false;
    const width = plot.clientWidth;
    const x = ((slot + 0.5) / slots) * width;
    cursor.style.left = `${x}px`;
    const room = Math.max(0, width - tip.offsetWidth);
    const beside = x + 12 > room ? x - tip.offsetWidth - 12 : x + 12;
    tip.style.left = `${Math.max(0, Math.min(room, beside))}px`;
    if (aloud) {
      const said = rows.map(([name, text]) => `${name} ${text}`).join(", ");
      live.textContent = `${title}: ${said}`;
    }
  };

  const near = (event) => {
    const box = plot.getBoundingClientRect();
    const slot = Math.floor(((event.clientX - box.left) / box.width) * slots);
    if (slot >= 0 && slot < hits.length) show(slot, false);
    else hide();
  };

  plot.tabIndex = 0;
  plot.setAttribute("aria-roledescription", "chart, arrow keys read it");
  plot.addEventListener("pointermove", near);
  plot.addEventListener("pointerdown", near);
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    const last = hits.length - 1;
    const to = {
      ArrowLeft: at < 0 ? last : at - 1,
      ArrowRight: at < 0 ? 0 : at + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Escape") hide();
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(to, true);
  });
}
