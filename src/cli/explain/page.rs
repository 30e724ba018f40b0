//! The pages, compiled in: one for each code, in the order of the codes.

use crate::baton::code::{self, Code};
use crate::report::code as report;
use crate::workato::code as workato;

/// The explanation of a code.
#[derive(Debug)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// The file, Markdown: a title and the parts [`PARTS`].
    pub text: &'static str,
}

/// The parts that every page has, in this order.
#[cfg(test)]
pub const PARTS: [&str; 3] = ["What it means", "Why it happens", "What to do"];

impl Explanation {
    /// The first line: what the code stands for, in a few words.
    pub fn title(&self) -> &'static str {
        self.split().0
    }

    /// All but the title.
    pub fn body(&self) -> &'static str {
        self.split().1
    }

    fn split(&self) -> (&'static str, &'static str) {
        let (title, body) = self.text.split_once('\n').unwrap_or((self.text, ""));
        (title.trim_start_matches("# "), body)
    }
}

macro_rules! pages {
    ($($code:path => $file:literal,)+) => {
        &[$(Explanation { code: $code, text: include_str!(concat!("pages/", $file, ".md")) }),+]
    };
}

/// All pages. A test holds this table to the codes and to the folder.
pub const PAGES: &[Explanation] = pages! {
    code::CANCELLED => "BW-0001",
    code::UNKNOWN => "BW-0002",
    code::INVALID_ARGUMENT => "BW-0003",
    code::DEADLINE_EXCEEDED => "BW-0004",
    code::NOT_FOUND => "BW-0005",
    code::ALREADY_EXISTS => "BW-0006",
    code::PERMISSION_DENIED => "BW-0007",
    code::RESOURCE_EXHAUSTED => "BW-0008",
    code::FAILED_PRECONDITION => "BW-0009",
    code::UNIMPLEMENTED => "BW-0012",
    code::INTERNAL => "BW-0013",
    code::UNAVAILABLE => "BW-0014",
    code::DATA_LOSS => "BW-0015",
    code::UNAUTHENTICATED => "BW-0016",
    code::INTERRUPTED => "BW-0130",
    code::TERMINATED => "BW-0143",
    code::COMMAND_LINE => "BW-0201",
    code::SETTING_MISSING => "BW-0202",
    code::SETTING_VALUE => "BW-0203",
    code::SETTINGS_TOGETHER => "BW-0204",
    code::CONFIG_FILE => "BW-0205",
    code::CONFIG_KEY => "BW-0206",
    code::NOT_AVAILABLE => "BW-0207",
    code::UNKNOWN_SYNC_TYPE => "BW-0208",
    code::NO_SUCH_CODE => "BW-0209",
    code::LOG_FILE => "BW-0210",
    code::UNKNOWN_VARIABLE => "BW-0211",
    code::CA_FILE => "BW-0212",
    code::UNREACHABLE => "BW-0301",
    code::HOST_NAME => "BW-0302",
    code::PROXY => "BW-0303",
    code::CERTIFICATE => "BW-0304",
    code::TIMEOUT => "BW-0305",
    code::CONNECTION_BROKE => "BW-0306",
    code::ANSWER_TOO_LARGE => "BW-0307",
    code::REDIRECT => "BW-0308",
    code::RETRIES_SPENT => "BW-0309",
    code::TLS_SETUP => "BW-0310",
    code::TOKEN_UNUSABLE => "BW-0311",
    code::INSECURE => "BW-0312",
    code::FILE_MISSING => "BW-0401",
    code::NOT_A_C1Z => "BW-0402",
    code::FILE_DAMAGED => "BW-0403",
    code::FILE_PEBBLE => "BW-0404",
    code::FILE_NEWER => "BW-0405",
    code::FILE_TOO_BIG => "BW-0406",
    code::DISK_FULL => "BW-0407",
    code::FILE_DENIED => "BW-0408",
    code::FOLDER_MISSING => "BW-0409",
    code::FILE_IN_USE => "BW-0410",
    code::NOT_A_PLAIN_FILE => "BW-0411",
    code::NO_FINISHED_SYNC => "BW-0412",
    code::SYNC_NOT_IN_FILE => "BW-0413",
    code::TIME_BUDGET => "BW-0501",
    code::SYNC_WARNINGS => "BW-0502",
    code::EXPANSION => "BW-0503",
    code::ROWS_BROKEN => "BW-0504",
    code::LIST_ENDLESS => "BW-0505",
    code::PARTIAL_DISCARDED => "BW-0506",
    code::WRITE_UNSUPPORTED => "BW-0507",
    code::WRITE_CUT_SHORT => "BW-0508",
    code::NOT_IN_FILE => "BW-0509",
    code::PROVISIONING_OFF => "BW-0510",
    code::WRITE_OVERTAKEN => "BW-0511",
    report::NO_MATCH => "BW-0601",
    report::AMBIGUOUS => "BW-0602",
    report::UNKNOWN_TYPE => "BW-0603",
    report::CONDITION => "BW-0604",
    report::CONDITION_HIT => "BW-0605",
    report::GAINED => "BW-0606",
    report::NO_OLDER_SYNC => "BW-0607",
    report::NO_TIME => "BW-0608",
    report::FORMAT_PROBLEMS => "BW-0609",
    report::EXPORT_FORMAT => "BW-0610",
    report::EXPLORE_PORT => "BW-0611",
    code::CLIENT_ID => "BW-0701",
    code::CLIENT_SECRET => "BW-0702",
    code::C1_REFUSED => "BW-0703",
    code::C1_UNREACHABLE => "BW-0704",
    code::C1_CERTIFICATE => "BW-0705",
    code::UPLOAD_FAILED => "BW-0706",
    code::TASK_CANCELLED => "BW-0707",
    code::TASK_UNSUPPORTED => "BW-0708",
    code::HEALTH_PORT => "BW-0709",
    code::NOT_HEALTHY => "BW-0710",
    code::NOBODY_ANSWERS => "BW-0711",
    code::MEMORY_UNUSABLE => "BW-0720",
    code::LISTEN => "BW-0801",
    code::NOT_LOOPBACK => "BW-0802",
    code::BAD_CALL => "BW-0803",
    code::PARENT => "BW-0804",
    code::ROWS_DROPPED => "BW-0901",
    code::RESOURCE_GONE => "BW-0902",
    code::EXPANSION_SKIPPED => "BW-0903",
    code::EXPANSION_ID_TAKEN => "BW-0904",
    code::TARGET_NOT_FOUND => "BW-0905",
    workato::KEY_REJECTED => "BW-1001",
    workato::KEY_OF_OTHER_REGION => "BW-1002",
    workato::DATA_CENTER => "BW-1003",
    workato::BASE_URL => "BW-1004",
    workato::ACCESS_MODEL => "BW-1005",
    workato::ACCESS_LOST => "BW-1006",
    workato::KEY_TWICE => "BW-1020",
    workato::QUOTA => "BW-1101",
    workato::SERVER_ERROR => "BW-1102",
    workato::NOT_THERE => "BW-1103",
    workato::REQUEST_REFUSED => "BW-1104",
    workato::NOT_JSON => "BW-1105",
    workato::UNREADABLE => "BW-1106",
    workato::CUT_OFF => "BW-1107",
    workato::LIST_SHORT => "BW-1108",
    workato::LIST_REPEATS => "BW-1109",
    workato::MAY_COLLABORATORS => "BW-1201",
    workato::MAY_PRIVILEGES => "BW-1202",
    workato::MAY_ENVIRONMENT_ROLES => "BW-1203",
    workato::MAY_LEGACY_ROLES => "BW-1204",
    workato::MAY_PROJECT_ROLES => "BW-1205",
    workato::MAY_GROUPS => "BW-1206",
    workato::MAY_PROJECT_GRANTS => "BW-1207",
    workato::MAY_PROJECTS => "BW-1208",
    workato::MAY_FOLDERS => "BW-1209",
    workato::MAY_CONNECTIONS => "BW-1210",
    workato::MAY_API_CLIENTS => "BW-1211",
    workato::MAY_API_CLIENT_ROLES => "BW-1212",
    workato::MAY_WORKSPACE_DETAILS => "BW-1213",
    workato::MAY_WRITE => "BW-1214",
    workato::LEGACY_WRITE => "BW-1301",
    workato::SYSTEM_GROUP => "BW-1302",
    workato::ACCOUNT_FORM => "BW-1303",
    workato::INVITATION => "BW-1304",
    workato::NOT_A_HOLDER => "BW-1305",
    workato::NOT_IN_WORKSPACE => "BW-1306",
    workato::OUT_OF_SIGHT => "BW-1307",
    workato::NO_EFFECT => "BW-1308",
    workato::OUTCOME_UNKNOWN => "BW-1320",
    workato::AMBIGUOUS_RIGHT => "BW-1321",
    workato::NO_ENVIRONMENT_TOKEN => "BW-1901",
    workato::LIST_EMPTY => "BW-1902",
    workato::LIST_CHANGED => "BW-1903",
    workato::FOLDER_NOT_LISTED => "BW-1904",
    workato::PROJECT_NOT_LISTED => "BW-1905",
    workato::ROLE_LIST_MISSING => "BW-1906",
    workato::CUSTOM_ROLES_OFF => "BW-1907",
    workato::ROLE_NOT_LISTED => "BW-1908",
    workato::HOLDER_NOT_LISTED => "BW-1909",
    workato::GROUP_MEMBERS_MISSING => "BW-1910",
    workato::PRIVILEGES_UNKNOWN => "BW-1911",
    workato::PRIVILEGES_DIFFER => "BW-1912",
    workato::GONE_MEANWHILE => "BW-1913",
    workato::SINGLE_REFUSED => "BW-1920",
    workato::ROLE_SETTINGS => "BW-1921",
    workato::ROLE_AMBIGUOUS => "BW-1922",
    workato::ROLES_ALIKE => "BW-1923",
    workato::ROLE_ROW_INCOMPLETE => "BW-1924",
    workato::FIELD_ODD => "BW-1925",
};
