// Light or dark, before anything is painted. Without a choice the system's setting counts.
(() => {
  "use strict";
  const KEY = "baton-workato-theme";
  const read = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // A file that is opened from disk may have no storage.
    }
  };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  let theme = read();
  apply(theme);

  const isDark = () => (theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

  /** Makes a button switch between the two. */
  window.themeButton = (button) => {
    const label = () => {
      const other = isDark() ? "light" : "dark";
      button.setAttribute("aria-label", `Use the ${other} theme`);
      button.title = `Use the ${other} theme`;
      button.textContent = isDark() ? "☀" : "☾";
    };
    button.addEventListener("click", () => {
      theme = isDark() ? "light" : "dark";
      apply(theme);
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // Then it holds for this page only.
      }
      label();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
    label();
  };
})();
