// Keys for everything, as the dialog of `?` lists them. Plain links and buttons do the work.
"use strict";
(() => {
  const isTyping = (node) => node.closest("input, select, textarea, [contenteditable]") !== null;
  let afterG = 0;

  const rows = () => [...document.querySelectorAll("tbody tr")].filter((row) => row.querySelector("a, button"));
  const step = (by) => {
    const all = rows();
    if (all.length === 0) return;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.min(all.length - 1, Math.max(0, at === -1 ? 0 : at + by))];
    next.querySelector("a, button").focus();
  };
  const follow = (selector) => document.querySelector(selector)?.click();
  const deeds = {
    "?": () => document.getElementById("keys")?.showModal(),
    "/": () => document.querySelector("input[type=search]")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    n: () => follow("a[rel=next]"),
    p: () => follow("a[rel=prev]"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "g") {
      afterG = event.timeStamp;
      return;
    }
    if (afterG && event.timeStamp - afterG < 1500) {
      afterG = 0;
      const section = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
      if (section) {
        event.preventDefault();
        section.click();
        return;
      }
    }
    const deed = deeds[event.key];
    if (deed && document.querySelector("dialog[open]") === null) {
      event.preventDefault();
      deed();
    }
  });
  document.addEventListener("click", (event) => {
    const shows = event.target.closest("[data-shows]");
    if (shows) document.getElementById(shows.dataset.shows)?.showModal();
  });
})();
