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
const PAGES: [(&str, &str); 7] = [
    ("overview", "#/"),
    ("people", "#/list/collaborator?q="),
    ("person", "#/thing/collaborator/1003"),
    ("project", "#/thing/project/1001"),
    ("group", "#/thing/collaborator_group/am-AllColl0"),
    ("finding", "#/finding/inactive-people"),
    ("changes", "#/changes"),
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

/// The sentence above the answers of a side.
const STATUS: &str = "return document.querySelector('[data-side=on] [role=status]').textContent";

/// Types into the filter of a page.
async fn filter(browser: &Browser, css: &str, text: &str) {
    let script = "
        const [css, text] = arguments;
        const input = document.querySelector(css);
        input.value = text;
        input.dispatchEvent(new Event('input'));
    ";
    let arguments = vec![css.into(), text.into()];
    browser.client.execute(script, arguments).await.unwrap();
}

async fn hash(browser: &Browser) -> String {
    browser.js("return location.hash").await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_chosen_stands_in_the_address() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    let project = "#/thing/project/1001";
    browser.open(&format!("{}{project}", serving.url)).await;
    assert_eq!(browser.text("h1").await, "Billing (dev)");
    assert_eq!(
        browser.js("return document.title").await,
        "Billing (dev) · baton-workato"
    );
    let all = browser.js(STATUS).await;

    // What everybody has is folded up, and the address says that it was opened.
    let closed = "return document.querySelectorAll('[data-side=on] .way details:not([open])').length";
    assert_eq!(browser.js(closed).await, 1);
    browser
        .js("document.querySelector('[data-side=on] .way summary').click()")
        .await;
    browser
        .until(
            "the fold is in the address",
            "return location.hash.includes('on.open=')",
        )
        .await;
    let opened = hash(&browser).await;
    browser
        .js("[...document.querySelectorAll('[data-side=on] .looks button')].at(-1).click()")
        .await;
    browser
        .js("document.querySelector('[data-side=on] input[type=checkbox]').click()")
        .await;
    browser
        .until("the view and the choice", "return location.hash.includes('on.direct=')")
        .await;
    browser.settled().await;
    let direct = hash(&browser).await;
    assert!(direct.contains("on.view=table"), "{direct}");
    filter(&browser, "[data-side=on] input[type=search]", "grace").await;
    browser
        .until("the filter", "return location.hash.includes('on.q=grace')")
        .await;
    browser.settled().await;
    let chosen = hash(&browser).await;
    let said = "1 way that was given directly and fits the filter \"grace\".";
    assert_eq!(browser.js(STATUS).await, said);

    // A reload shows the same, and so does the address in another place.
    browser.client.refresh().await.unwrap();
    browser.settled().await;
    for _ in 0..2 {
        assert_eq!(browser.js(STATUS).await, said);
        let state = "
            const side = document.querySelector('[data-side=on]');
            return [side.querySelector('input[type=search]').value, side.querySelector('input[type=checkbox]').checked,
                side.querySelector('table.list') !== null];
        ";
        assert_eq!(browser.js(state).await, serde_json::json!(["grace", true, true]));
        browser.client.goto("about:blank").await.unwrap();
        browser.open(&format!("{}{chosen}", serving.url)).await;
    }

    // Back takes back one choice at a time.
    browser.open(&format!("{}{opened}", serving.url)).await;
    let is_open = "return document.querySelector('[data-side=on] .way details').open";
    assert_eq!(browser.js(is_open).await, true, "it is open again");
    browser
        .js("[...document.querySelectorAll('[data-side=on] .looks button')].at(-1).click()")
        .await;
    browser
        .until("the table", "return location.hash.includes('on.view=table')")
        .await;
    browser.client.back().await.unwrap();
    browser
        .until(
            "the ways",
            "return !location.hash.includes('on.view') && document.querySelector('[data-side=on] .way') !== null",
        )
        .await;
    browser.settled().await;
    assert_eq!(hash(&browser).await, opened);
    assert_eq!(browser.js(STATUS).await, all);

    // Lists and findings as well.
    browser.open(&format!("{}#/list/collaborator", serving.url)).await;
    browser.js("scrollTo(0, document.body.scrollHeight)").await;
    let last = "return document.querySelector('main tr[aria-rowindex=\"61\"]') !== null && /^#.list.collaborator\\?from=\\d+$/.test(location.hash)";
    browser.until("the last rows", last).await;
    browser.js("document.querySelector('main thead button').click()").await;
    browser
        .until(
            "the other order",
            "return location.hash === '#/list/collaborator?sort=name'",
        )
        .await;
    browser.client.back().await.unwrap();
    browser.until("the last rows again", last).await;
    browser
        .open(&format!("{}#/finding/inactive-people?q=pedro", serving.url))
        .await;
    assert_eq!(
        browser
            .js("return document.querySelectorAll('main tbody tr').length")
            .await,
        1
    );
    is_quiet(&browser, &serving).await;
}

/// Of a long list only the rows that can be seen, and some around them, are in the page; all can be reached.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_has_the_rows_that_are_seen() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    browser.open(&serving.url).await;
    let longest = "
        const links = [...document.querySelectorAll('#types a[data-type]')];
        const count = (link) => Number(link.querySelector('.counts').textContent.replace(/,/g, ''));
        links.sort((a, b) => count(b) - count(a));
        location.hash = links[0].getAttribute('href');
        return count(links[0]);
    ";
    browser
        .until(
            "the lists are in the head",
            "return document.querySelectorAll('#types a').length > 5",
        )
        .await;
    let total = browser.js(longest).await.as_u64().unwrap();
    assert!(total > 150, "{total}");
    browser
        .until(
            "the list",
            "return document.querySelector('main tr[aria-rowindex]') !== null",
        )
        .await;
    browser.settled().await;
    let rows = "return document.querySelectorAll('main tbody tr').length";
    let at = |row: u64| format!("return document.querySelector('main tr[aria-rowindex=\"{row}\"]') !== null");
    assert!(browser.js(rows).await.as_u64().unwrap() <= 100);
    assert_eq!(
        browser
            .js("return document.querySelector('main table').getAttribute('aria-rowcount')")
            .await,
        (total + 1).to_string()
    );
    browser.js("scrollTo(0, document.body.scrollHeight)").await;
    browser
        .until(
            "the last row",
            &format!("scrollTo(0, document.body.scrollHeight); {}", at(total + 1)),
        )
        .await;
    assert!(browser.js(rows).await.as_u64().unwrap() <= 100);
    assert_eq!(browser.js(&at(2)).await, false);
    browser.js("scrollTo(0, 0)").await;
    browser.until("the first row", &at(2)).await;
    is_quiet(&browser, &serving).await;
}

/// Who gained and lost what since the sync before, and why; for everybody who can read a page.
#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_told() {
    let place = crate::support::place::Place::new();
    let file = crate::report::changed::two_syncs(&place).await;
    let serving = Serving::start(&file);
    let Some(browser) = Browser::start().await else {
        return;
    };
    browser.open(&serving.url).await;
    browser
        .until(
            "the lists are in the head",
            "return document.querySelector('#types a[data-page=changes]') !== null",
        )
        .await;
    browser
        .js("document.querySelector('#types a[data-page=changes]').click()")
        .await;
    browser
        .until(
            "the page",
            "return document.querySelector('main h1')?.textContent === 'What changed'",
        )
        .await;
    browser.settled().await;
    let told = browser.text("main").await;
    for said in ["1 person joined", "Eve", "joined Ops", "through Ops: +1", "lost "] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(
        browser
            .js("return document.querySelector('#types [aria-current]').dataset.page")
            .await,
        "changes"
    );
    for is_dark in [false, true] {
        browser.dark(is_dark).await;
        for width in [390, 1280] {
            browser.width(width).await;
            looks::is_sound(&browser, &format!("changes-told-{width}-{is_dark}")).await;
        }
    }
    is_quiet(&browser, &serving).await;
}

/// A name is found without the marks of its letters; one with a slip is suggested, and not opened by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_nearly_right_is_suggested() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    browser.open(&serving.url).await;
    browser.js("document.querySelector('#search input').focus()").await;
    browser.press("Ada Lindqvits").await;
    browser.until("a suggestion", "return document.querySelector('#found .nothing') !== null && document.querySelector('#found [role=option]') !== null").await;
    let found = browser.text("#found").await;
    assert!(
        found.contains("Nothing is called") && found.contains("Did you mean") && found.contains("Ada Lindqvist"),
        "{found}"
    );
    assert_eq!(
        browser
            .js("return document.querySelector('#found [aria-selected=true]') !== null")
            .await,
        false
    );
    is_quiet(&browser, &serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_show_is_said_in_one_sentence() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    for (hash, said) in [
        ("#/list/collaborator?q=qqq", "No collaborator fits the filter \"qqq\"."),
        ("#/list/role", "This sync has no roles."),
        ("#/thing/project/1001?on.q=qqq", "No way fits the filter \"qqq\"."),
        (
            "#/thing/project/1001?on.q=qqq&on.direct=yes",
            "No way that was given directly fits the filter \"qqq\".",
        ),
        (
            "#/thing/collaborator/1003?of.q=%3Cb%3E",
            "No way fits the filter \"<b>\".",
        ),
        (
            "#/finding/inactive-people?q=qqq",
            "Nothing of this finding fits the filter \"qqq\".",
        ),
        (
            "#/finding/nope",
            "There is no such finding in this sync. Back to the overview.",
        ),
        ("#/nowhere", "There is no such page. Overview."),
    ] {
        browser.client.goto("about:blank").await.unwrap();
        browser.client.goto(&format!("{}{hash}", serving.url)).await.unwrap();
        browser
            .until("it is said", "return document.querySelector('main[aria-busy=true]') === null && document.querySelector('main .nothing') !== null")
            .await;
        assert_eq!(browser.text("main .nothing").await, said, "{hash}");
    }
    is_quiet(&browser, &serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_paper_lists_are_whole_and_say_what_they_are_of() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    let media = |media: &str| serde_json::json!({ "media": media });
    let rows = "return [...document.querySelectorAll('main tbody tr')].filter(row => row.checkVisibility()).length";
    // A fold inside of a closed one cannot be seen.
    let folds = "
        const closed = [...document.querySelectorAll('main details:not([open])')];
        return closed.filter(fold => !fold.parentElement.closest('details:not([open])')).length;
    ";
    let visible = "
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        let all = '';
        while (texts.nextNode()) if (texts.currentNode.parentElement.checkVisibility()) all += texts.currentNode.data;
        return all;
    ";
    for (hash, closed) in [
        ("#/list/collaborator", 0),
        ("#/thing/collaborator/1003", 5),
        ("#/thing/project/1001", 1),
        ("#/thing/collaborator_group/am-AllColl0", 1),
        ("#/", 5),
    ] {
        browser.client.goto("about:blank").await.unwrap();
        browser.open(&format!("{}{hash}", serving.url)).await;
        browser
            .until(
                "the head of paper is there",
                "return document.getElementById('paper').textContent !== ''",
            )
            .await;
        assert_eq!(browser.js(folds).await, closed, "{hash}");
        let (address, shown) = (self::hash(&browser).await, browser.js(rows).await);
        if hash == "#/list/collaborator" {
            assert!(shown.as_u64().unwrap() >= 25, "{shown}");
            // The other rows are fetched behind the page.
            browser
                .until(
                    "all rows are at hand",
                    "
                dispatchEvent(new Event('beforeprint'));
                const all = document.querySelectorAll('main tbody tr').length === 60;
                dispatchEvent(new Event('afterprint'));
                return all;
            ",
                )
                .await;
        }
        browser.devtools("Emulation.setEmulatedMedia", media("print")).await;
        browser.js("dispatchEvent(new Event('beforeprint'))").await;
        assert_eq!(browser.js(folds).await, 0, "{hash}");
        let text = browser.js(visible).await;
        let text = text.as_str().unwrap();
        for said in [
            "demo-",
            ".c1z",
            "synced",
            "environments",
            "dev, test, prod",
            "northwind.example",
        ] {
            assert!(text.contains(said), "{hash}: {said}: {text:.400}");
        }
        assert!(!text.contains("Search people"), "{hash}");
        match hash {
            "#/list/collaborator" => assert_eq!(browser.js(rows).await, 60),
            "#/thing/project/1001" => {
                // Everybody holds it through the group of everybody.
                let people = "return new Set([...document.querySelectorAll('main .way a[href^=\"#/thing/collaborator/\"]')].map(a => a.getAttribute('href'))).size";
                assert_eq!(browser.js(people).await, 60);
            }
            "#/" => assert!(text.contains("no activity on record"), "findings are whole"),
            _ => {}
        }
        browser
            .picture(&format!("explorer-paper-{}", hash.replace(['#', '/'], "-")))
            .await;
        browser.js("dispatchEvent(new Event('afterprint'))").await;
        browser.devtools("Emulation.setEmulatedMedia", media("")).await;
        browser.settled().await;
        assert_eq!(browser.js(folds).await, closed, "{hash}: as before");
        assert_eq!(browser.js(rows).await, shown, "{hash}: as before");
        assert_eq!(self::hash(&browser).await, address, "{hash}: printing is no choice");
    }
    // A filtered list says on paper that it is one.
    browser
        .open(&format!("{}#/list/collaborator?q=bluefin", serving.url))
        .await;
    browser.devtools("Emulation.setEmulatedMedia", media("print")).await;
    let text = browser.js(visible).await;
    assert!(text.as_str().unwrap().contains("bluefin"), "{text}");
    // Each page of paper has it at its foot.
    let foot = "
        const rules = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]).map(rule => rule.cssText);
        return rules.some(rule => rule.startsWith('@page') && rule.includes('synced') && rule.includes('counter(page)'));
    ";
    assert_eq!(browser.js(foot).await, true);
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

/// What every object of a script has anyway is no page.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_names_of_the_language_are_no_pages() {
    let Some((browser, serving)) = start().await else {
        return;
    };
    browser.open(&serving.url).await;
    for (hash, told) in [
        ("#/__proto__", "There is no such page"),
        ("#/constructor", "There is no such page"),
        ("#/toString/x", "There is no such page"),
        ("#/finding/__proto__", "There is no such finding"),
        ("#/finding/constructor", "There is no such finding"),
    ] {
        browser.go("#/").await;
        browser.js(&format!("location.hash = '{hash}'")).await;
        let is_told = format!("return document.getElementById('main').textContent.includes('{told}')");
        browser.until(hash, &is_told).await;
    }
    is_quiet(&browser, &serving).await;
}
