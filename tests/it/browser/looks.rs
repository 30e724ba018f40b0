//! What a page must be like at any width and in both colours: readable, labelled, not wider than the window.

use serde_json::{Value, json};

use super::driver::Browser;

/// Texts that stand out too little from what is behind them: 4.5 to 1, 3 to 1 for large ones (WCAG 2.1, 1.4.3).
const PALE: &str = r#"
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const color = text => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = text;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map(n => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
    const behind = element => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) {
            const layer = color(getComputedStyle(at).backgroundColor);
            layers.push(layer);
            if (layer[3] === 1) break;
        }
        const canvasColor = color('Canvas');
        return layers.reduceRight((below, layer) => over(layer, below), canvasColor);
    };
    const luminance = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const pale = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        if (!walk.currentNode.data.trim() || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
        const box = element.getBoundingClientRect();
        if (box.width < 2 || box.height < 2 || element.closest('script, style, noscript, :disabled, svg')) continue;
        const style = getComputedStyle(element);
        const back = behind(element);
        const [a, b] = [luminance(over(color(style.color), back)), luminance(back)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (isLarge ? 3 : 4.5)) pale.push(`${ratio.toFixed(2)} ${element.className || element.tagName}: ${walk.currentNode.data.trim().slice(0, 40)}`);
    }
    return [...new Set(pale)];
"#;

/// Elements that reach beyond the window, where the page scrolls sideways.
const WIDE: &str = r#"
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > page.clientWidth + 1);
    return [`${page.scrollWidth} > ${page.clientWidth}`, ...wide.slice(0, 8).map(e => `${e.tagName}.${e.getAttribute('class')}`)];
"#;

/// What is wrong with the bones of the page.
const BONES: &str = r#"
    const wrong = [];
    if (!document.documentElement.lang) wrong.push('no language');
    if (!document.title) wrong.push('no title');
    if (document.querySelectorAll('h1').length !== 1) wrong.push(`${document.querySelectorAll('h1').length} h1`);
    if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
    const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
    for (const id of new Set(ids.filter((id, n) => ids.indexOf(id) !== n))) wrong.push(`two #${id}`);
    for (const image of document.querySelectorAll('img:not([alt])')) wrong.push(`no alt: ${image.src}`);
    for (const name of ['aria-controls', 'aria-labelledby', 'aria-describedby', 'aria-activedescendant'])
        for (const element of document.querySelectorAll(`[${name}]`))
            for (const id of element.getAttribute(name).split(' '))
                if (!document.getElementById(id)) wrong.push(`${name} names no element: ${id}`);
    let last = 1;
    for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
        const level = Number(heading.tagName[1]);
        if (level > last + 1) wrong.push(`${heading.tagName} after h${last}: ${heading.textContent.slice(0, 40)}`);
        last = level;
    }
    return wrong;
"#;

fn list(value: &Value) -> Vec<String> {
    let items = value.as_array().unwrap().iter();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Holds for the page as it is now.
pub async fn is_sound(browser: &Browser, name: &str) {
    let nothing: Vec<String> = Vec::new();
    assert_eq!(list(&browser.js(WIDE).await), nothing, "{name} scrolls sideways");
    assert_eq!(list(&browser.js(PALE).await), nothing, "{name} has pale texts");
    assert_eq!(list(&browser.js(BONES).await), nothing, "{name}");
    assert_eq!(nameless(browser).await, nothing, "{name} has controls without a name");
    assert_eq!(barriers(browser).await, nothing, "{name} keeps people out");
}

/// What axe-core finds (`.ci/browser` fetches it): every rule of WCAG 2.2 A and AA, and its good practices.
async fn barriers(browser: &Browser) -> Vec<String> {
    const AXE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/axe/node_modules/axe-core/axe.min.js"
    );
    let Ok(axe) = std::fs::read_to_string(AXE) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "axe-core is not there: .ci/browser fetches it"
        );
        eprintln!("SKIPPED: axe-core is not there; .ci/browser fetches it");
        return Vec::new();
    };
    if browser.js("return typeof window.axe").await == "undefined" {
        browser.js(&axe).await;
    }
    let run = "const found = await window.axe.run(document, { resultTypes: ['violations'] });
        return found.violations.map(one => `${one.id} (${one.impact}): ${one.help}: `
            + one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' '));";
    list(&browser.later(run, Vec::new()).await)
}

/// Controls that a screen reader could only call "button", as the browser computes their names.
async fn nameless(browser: &Browser) -> Vec<String> {
    browser.devtools("Accessibility.enable", json!({})).await;
    let tree = browser.devtools("Accessibility.getFullAXTree", json!({})).await;
    let nodes = tree["nodes"].as_array().unwrap();
    assert!(nodes.len() > 20, "the tree is there");
    let controls = [
        "button",
        "link",
        "textbox",
        "searchbox",
        "combobox",
        "checkbox",
        "listbox",
        "option",
        "table",
        "image",
    ];
    let mut found = Vec::new();
    for node in nodes.iter().filter(|node| node["ignored"] == false) {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        let has_name = node["name"]["value"]
            .as_str()
            .is_some_and(|name| !name.trim().is_empty());
        if controls.contains(&role) && !has_name {
            found.push(format!("{role} {}", node["properties"]));
        }
    }
    found
}
