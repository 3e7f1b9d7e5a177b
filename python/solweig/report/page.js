"use strict";
(() => {
  const slider = document.getElementById("hour");
  if (slider) {
    const { labels, means } = JSON.parse(document.getElementById("frames").textContent);
    const label = document.querySelector('output[for="hour"]');
    const images = [...document.querySelectorAll("#maps img[data-frame]")];
    const values = [...document.querySelectorAll("#maps .value")];
    const digits = new Map(values.map((value) => [value, (value.textContent.split(".")[1] || "").length]));
    const show = () => {
      const now = Number(slider.value);
      for (const image of images) image.hidden = Number(image.dataset.frame) !== now;
      label.textContent = labels[now];
      slider.setAttribute("aria-valuetext", labels[now]);
      for (const value of values) {
        const mean = means[value.dataset.name][now];
        value.textContent = mean === null ? "–" : mean.toFixed(digits.get(value) || 1).replace("-", "−");
      }
    };
    const go = (by) => {
      slider.value = Number(slider.value) + by;
      show();
    };
    slider.addEventListener("input", show);
    for (const button of document.querySelectorAll(".slider button")) {
      button.addEventListener("click", () => go(Number(button.dataset.by)));
    }
    // Arrows also move the slider where nothing that has use for them is in focus.
    document.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const at = document.activeElement;
      const free = !at || at === document.body || at.closest(".slider button");
      if (!by || !free || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(by);
    });
    show(); // a browser may have kept another hour
  }
  // On paper nothing can be opened.
  const closed = () => [...document.querySelectorAll("section:not(#ran) details:not([open])")];
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = closed();
    for (const part of opened) part.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
  });
})();
