// What is folded up: opened by a click, by the address, and on paper.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;

  /** `summary` with what `make` makes below it, made when it is first seen. `ontoggle` is told what a person did. */
  bw.fold = ({ summary, make, isOpen, ontoggle }) => {
    const details = h("details", { "data-unfolds": true }, h("summary", null, summary));
    const fill = () => details.children.length === 1 && details.append(...[make()].flat());
    if (isOpen) {
      fill();
      details.open = true;
    }
    let isPaper = false;
    details.addEventListener("toggle", () => {
      // The browser tells of what was toggled a moment later.
      if (isPaper) {
        isPaper = details.open;
        return;
      }
      if (details.open) fill();
      ontoggle?.(details.open);
    });
    details.addEventListener("unfold", () => {
      if (details.open) return;
      isPaper = true;
      fill();
      details.open = true;
    });
    details.addEventListener("refold", () => {
      if (isPaper) details.open = false;
    });
    return details;
  };

  /** The folds of one part of a page, each with a name of its own; those that are open stand in the address. */
  bw.folds = ({ query, key, remember }) => {
    const open = new Set((query.get(key) ?? "").split(".").filter(Boolean));
    return {
      forget: () => open.clear(),
      fold: (name, summary, make) => {
        const ontoggle = (isOpen) => {
          if (isOpen === open.has(name)) return;
          if (isOpen) open.add(name);
          else open.delete(name);
          remember({ [key]: [...open].sort().join(".") || null });
        };
        return bw.fold({ summary, make, isOpen: open.has(name), ontoggle });
      },
    };
  };
})();
