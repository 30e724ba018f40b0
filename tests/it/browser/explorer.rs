//! The explorer in a browser: load, search, open, follow, come back; by mouse and by keyboard.

use fantoccini::Locator;

use super::driver::Browser;
use super::{Serving, file, looks};

/// Keys of WebDriver.
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
const DOWN: &str = "\u{E015}";
const ESCAPE: &str = "\u{E00C}";

/// Pages that are looked at in every way.
const PAGES: [(&str, &str); 6] = [
    ("overview", "#/"),
    ("people", "#/list/collaborator?q="),
    ("person", "#/thing/collaborator/1003"),
    ("project", "#/thing/project/1001"),
    ("group", "#/thing/collaborator_group/am-AllColl0"),
    ("finding", "#/finding/inactive-people"),
];

async fn start() -> Option<(Browser, Serving)> {
    let serving = Serving::start(tokio::task::spawn_blocking(file).await.unwrap());
    let browser = Browser::start().await?;
    Some((browser, serving))
}

/// Nothing was complained about, and nothing was asked for elsewhere.
async fn is_quiet(browser: &Browser, serving: &Serving) {
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    let asked = browser.requests().await;
    assert!(!asked.is_empty());
    for url in asked.keys() {
        assert!(
            url.starts_with(&serving.url) || url.starts_with("data:"),
            "asked for {url}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_and_their_way_is_followed() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    browser.open(&serving.url).await;
    assert!(browser.text("main").await.contains("Admins in production"));
    browser
        .until(
            "the lists are in the head",
            "return document.querySelectorAll('#types a').length > 5",
        )
        .await;

    let search = browser.client.find(Locator::Css("#search input")).await.unwrap();
    search.send_keys("lindqvist ada").await.unwrap();
    browser
        .until(
            "somebody is found",
            "return document.querySelector('#found [role=option]') !== null",
        )
        .await;
    let first = browser.client.find(Locator::Css("#found [role=option]")).await.unwrap();
    assert!(first.text().await.unwrap().contains("Ada Lindqvist"));
    first.click().await.unwrap();
    browser
        .until(
            "the page of the person",
            "return location.hash === '#/thing/collaborator/1003'",
        )
        .await;
    browser.settled().await;
    assert_eq!(browser.text("h1").await, "Ada Lindqvist");
    let page = browser.text("main").await;
    assert!(page.contains("ada.lindqvist@northwind.example") && page.contains("Environment admin (prod)"));

    // Person, group, project: each step is a link.
    let group = "main a[href^='#/thing/collaborator_group/']:not([href*='AllColl'])";
    let link = browser.client.find(Locator::Css(group)).await.unwrap();
    link.click().await.unwrap();
    browser
        .until(
            "the page of the group",
            "return location.hash.startsWith('#/thing/collaborator_group/')",
        )
        .await;
    browser.settled().await;
    assert_eq!(browser.text("h1").await, "Finance builders");
    let project = "main a[href^='#/thing/project/']";
    browser
        .client
        .find(Locator::Css(project))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    browser
        .until(
            "the page of the project",
            "return location.hash.startsWith('#/thing/project/')",
        )
        .await;
    browser.settled().await;
    assert!(browser.text("main").await.contains("Finance builders"));

    browser.client.back().await.unwrap();
    browser.client.back().await.unwrap();
    browser
        .until(
            "back at the person",
            "return location.hash === '#/thing/collaborator/1003'",
        )
        .await;
    browser.settled().await;
    assert_eq!(browser.text("h1").await, "Ada Lindqvist");
    is_quiet(&browser, &serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_links_survive_a_reload() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    for (hash, title) in [
        ("#/thing/project/1001", "Billing"),
        ("#/thing/collaborator/1003", "Ada Lindqvist"),
        ("#/finding/moderators", "Moderators"),
    ] {
        browser.open(&format!("{}{hash}", serving.url)).await;
        assert!(browser.text("h1").await.starts_with(title), "{hash}");
        browser.client.refresh().await.unwrap();
        browser.settled().await;
        assert!(browser.text("h1").await.starts_with(title), "{hash} after a reload");
    }
    browser
        .open(&format!("{}#/list/collaborator?q=bluefin", serving.url))
        .await;
    let rows = browser
        .js("return document.querySelectorAll('main tbody tr').length")
        .await;
    assert_eq!(rows, 5);
    is_quiet(&browser, &serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    browser.open(&serving.url).await;
    let is_search = "return document.activeElement === document.querySelector('#search input')";
    let ring = "
        const style = getComputedStyle(document.activeElement);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
    ";
    let mut steps = 0;
    while browser.js(is_search).await != true {
        browser.press(TAB).await;
        assert_eq!(
            browser.js(ring).await,
            true,
            "the focus shows after {} steps",
            steps + 1
        );
        steps += 1;
        assert!(steps < 6, "the search is near the beginning");
    }
    browser.press("billing").await;
    browser
        .until(
            "something is found",
            "return document.querySelectorAll('#found [role=option]').length > 1",
        )
        .await;
    browser.press(DOWN).await;
    let active = "
        const input = document.querySelector('#search input');
        const option = document.getElementById(input.getAttribute('aria-activedescendant'));
        return option !== null && option.getAttribute('aria-selected') === 'true' && option.dataset.href;
    ";
    let chosen = browser.js(active).await;
    browser.press(ENTER).await;
    browser
        .until("its page", "return location.hash.startsWith('#/thing/project/')")
        .await;
    browser.settled().await;
    assert_eq!(browser.js("return location.hash").await, chosen);

    browser.press("/").await;
    assert_eq!(browser.js(is_search).await, true, "a slash goes to the search");
    browser.press("ada").await;
    browser
        .until("something is found", "return !document.querySelector('#found').hidden")
        .await;
    browser.press(ESCAPE).await;
    assert_eq!(browser.js("return document.querySelector('#found').hidden").await, true);
    is_quiet(&browser, &serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_sound_at_every_width_and_in_the_dark() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    browser.open(&serving.url).await;
    for is_dark in [false, true] {
        browser.dark(is_dark).await;
        for width in [360, 1280, 3840] {
            browser.width(width).await;
            for (name, hash) in PAGES {
                browser.go(hash).await;
                let color = if is_dark { "dark" } else { "light" };
                let name = format!("explorer-{name}-{width}-{color}");
                browser.picture(&name).await;
                looks::is_sound(&browser, &name).await;
            }
        }
        let background = browser.js("
            const canvas = document.createElement('canvas').getContext('2d');
            canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
            canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data[0];
        ");
        assert_eq!(
            background.await.as_u64().unwrap() < 80,
            is_dark,
            "the page follows the system"
        );
    }
    is_quiet(&browser, &serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_show_what_they_say() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    browser.open(&serving.url).await;
    // Bars of one chart are as long as their numbers.
    let wrong = browser
        .js("
            const wrong = [];
            for (const table of document.querySelectorAll('table.bars')) {
                const rows = [...table.tBodies[0].rows].map(row => ({
                    number: Number(row.querySelector('td.num').textContent.replace(/\\D/g, '')),
                    length: [...row.querySelectorAll('.track [class*=bar]')].reduce((all, bar) => all + bar.getBoundingClientRect().width, 0),
                }));
                const most = rows.reduce((a, b) => (a.number > b.number ? a : b));
                for (const row of rows) {
                    const expected = most.length * row.number / most.number;
                    if (Math.abs(row.length - expected) > 8) wrong.push(`${table.caption?.textContent}: ${row.number} is ${row.length}, not ${expected}`);
                }
            }
            return wrong;
        ")
        .await;
    assert_eq!(wrong, serde_json::json!([]));
    assert!(
        browser
            .js("return document.querySelectorAll('table.bars').length")
            .await
            .as_u64()
            .unwrap()
            >= 3
    );
    is_quiet(&browser, &serving).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_well() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    browser.open(&serving.url).await;
    // The browser keeps its connection; that must not keep the program.
    assert!(serving.interrupt());
    browser.js("location.hash = '#/list/collaborator'").await;
    browser
        .until(
            "the page says so",
            "return document.querySelector('main [role=alert]') !== null",
        )
        .await;
}
