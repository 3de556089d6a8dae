// Draws hierarchies beside their tables, once they come into view; without this script the table says it all.
"use strict";
(() => {
  /** @param {HTMLElement} figure */
  const draw = async (figure) => {
    try {
      const { draw: drawn } = await import(figure.dataset.charts ?? "");
      figure.hidden = !drawn(figure);
    } catch (error) {
      figure.hidden = true; // the table stays
      console.error(error);
    }
  };
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || !(target instanceof HTMLElement)) continue;
      seen.unobserve(target);
      void draw(target);
    }
  }, { rootMargin: "200px" });

  for (const figure of document.querySelectorAll("figure[data-hierarchy-of][hidden]")) {
    if (!(figure instanceof HTMLElement)) continue;
    figure.hidden = false;
    seen.observe(figure);
  }
})();
