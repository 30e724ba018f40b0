// The search of the head line: a box with a list of what fits.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  const LIMIT = 12;

  bw.searchBox = (place, source) => {
    let chosen = -1;
    let turn = 0;
    let links = [];
    const list = h("ul", { id: "found", role: "listbox", "aria-label": "Found", hidden: true });
    const told = h("p", { class: "hidden", role: "status" });
    const input = h("input", {
      type: "search", role: "combobox", "aria-label": "Search people, roles, projects", "aria-controls": "found", "aria-expanded": "false",
      "aria-autocomplete": "list", placeholder: "Search people, roles, projects…", autocomplete: "off", spellcheck: "false", maxlength: "200",
    });

    const close = () => {
      turn += 1;
      chosen = -1;
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };

    const choose = (next) => {
      if (links.length === 0) return;
      chosen = (next + links.length) % links.length;
      links.forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
      input.setAttribute("aria-activedescendant", links[chosen].id);
      links[chosen].scrollIntoView({ block: "nearest" });
    };

    const open = (option) => {
      location.hash = option.dataset.href;
      input.value = "";
      close();
      input.blur();
    };

    const show = (answer, q) => {
      const near = answer.near ?? [];
      links = (answer.items.length ? answer.items : near).map(({ thing, email }, n) => {
        const option = h(
          "li",
          { id: `found-${n}`, role: "option", "aria-selected": "false", "data-href": bw.hrefOf(thing) },
          h("span", { class: "name" }, bw.stranger(thing.name, 80), bw.aside(thing)),
          h("span", { class: "muted small" }, bw.stranger(email || thing.typeName, 80)),
        );
        option.addEventListener("mousedown", (event) => event.preventDefault());
        option.addEventListener("click", () => open(option));
        return option;
      });
      const rest = answer.total - links.length;
      const none = answer.total === 0
        ? h("li", { class: "nothing", role: "presentation" }, "Nothing is called ", bw.stranger(q, 60), near.length ? ". Did you mean" : ".")
        : null;
      const last = rest > 0 ? h("li", { class: "muted small", role: "presentation" }, `and ${bw.number(rest)} more: type on`) : null;
      list.replaceChildren(...[none, ...links, last].filter(Boolean));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      told.textContent = answer.total === 0 && near.length ? `Nothing found. ${near.length} with a name like it` : `${bw.number(answer.total)} found`;
      chosen = -1;
      // What was not named is chosen by hand.
      if (answer.items.length) choose(0);
    };

    const look = async () => {
      const q = input.value.trim();
      if (!q) return close();
      const own = ++turn;
      try {
        const answer = await source.search(q, LIMIT);
        if (own === turn) show(answer, q);
      } catch (error) {
        if (own !== turn) return;
        links = [];
        list.replaceChildren(h("li", { role: "presentation" }, bw.failure(error)));
        list.hidden = false;
      }
    };

    input.addEventListener("input", bw.calmly(120, look));
    input.addEventListener("focus", () => input.value.trim() && look());
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        if (list.hidden) input.blur();
        close();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) look();
        else choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Enter" && !list.hidden && chosen >= 0) {
        event.preventDefault();
        open(links[chosen]);
      }
    });
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
      if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        input.focus();
        input.select();
      }
    });
    place.append(input, h("kbd", { "aria-hidden": "true" }, "/"), list, told);
  };
})();
