//! Names of people and things. Some need care: umlauts, quotes, an emoji, other scripts, a leading equals sign (a
//! formula to a spreadsheet).

/// Given names with their mail spelling.
pub const GIVEN: [(&str, &str); 40] = [
    ("Ada", "ada"),
    ("Tomás", "tomas"),
    ("Priya", "priya"),
    ("Jürgen", "juergen"),
    ("Mei", "mei"),
    ("Olga", "olga"),
    ("Kwame", "kwame"),
    ("Ingrid", "ingrid"),
    ("Rafael", "rafael"),
    ("Hana", "hana"),
    ("Liam", "liam"),
    ("Zoë", "zoe"),
    ("Noor", "noor"),
    ("Matteo", "matteo"),
    ("Sofia", "sofia"),
    ("Dmitri", "dmitri"),
    ("Aisha", "aisha"),
    ("Pedro", "pedro"),
    ("Freja", "freja"),
    ("Yusuf", "yusuf"),
    ("Clara", "clara"),
    ("Bao", "bao"),
    ("Elif", "elif"),
    ("Marek", "marek"),
    ("Nadia", "nadia"),
    ("Oscar", "oscar"),
    ("Leila", "leila"),
    ("Hugo", "hugo"),
    ("Ines", "ines"),
    ("Viktor", "viktor"),
    ("Grace", "grace"),
    ("Anton", "anton"),
    ("Lucía", "lucia"),
    ("Samuel", "samuel"),
    ("Farah", "farah"),
    ("Niko", "niko"),
    ("Tessa", "tessa"),
    ("Omar", "omar"),
    ("Wanda", "wanda"),
    ("Felix", "felix"),
];

/// Family names with their mail spelling.
pub const FAMILY: [(&str, &str); 50] = [
    ("Lindqvist", "lindqvist"),
    ("Okafor", "okafor"),
    ("Brandt", "brandt"),
    ("Castillo", "castillo"),
    ("Nakamura", "nakamura"),
    ("O'Connor", "oconnor"),
    ("Petrov", "petrov"),
    ("Haddad", "haddad"),
    ("Weber", "weber"),
    ("Santos", "santos"),
    ("Kowalska", "kowalska"),
    ("Ferrari", "ferrari"),
    ("Novák", "novak"),
    ("Jensen", "jensen"),
    ("Moreau", "moreau"),
    ("Schäfer", "schaefer"),
    ("Tanaka", "tanaka"),
    ("Ibrahim", "ibrahim"),
    ("Murphy", "murphy"),
    ("Rossi", "rossi"),
    ("Virtanen", "virtanen"),
    ("Osei", "osei"),
    ("Dubois", "dubois"),
    ("Müller-Lüdenscheidt", "mueller-luedenscheidt"),
    ("Patel", "patel"),
    ("Silva", "silva"),
    ("Andersson", "andersson"),
    ("Nguyen", "nguyen"),
    ("Horváth", "horvath"),
    ("Becker", "becker"),
    ("Kaya", "kaya"),
    ("Romero", "romero"),
    ("Fischer", "fischer"),
    ("Adeyemi", "adeyemi"),
    ("Lefèvre", "lefevre"),
    ("Sato", "sato"),
    ("Wójcik", "wojcik"),
    ("Marino", "marino"),
    ("Byrne", "byrne"),
    ("Larsen", "larsen"),
    ("Costa", "costa"),
    ("Ali", "ali"),
    ("Keller", "keller"),
    ("Mensah", "mensah"),
    ("Bakker", "bakker"),
    ("Ortiz", "ortiz"),
    ("Hughes", "hughes"),
    ("Popescu", "popescu"),
    ("Demir", "demir"),
    ("Fontaine", "fontaine"),
];

/// Display names that stand in for generated ones: at which person, which name.
pub const CAREFUL_PEOPLE: [(usize, &str); 5] = [
    (7, "=Max Mustermann"),
    (8, "Siobhán \"Shiv\" O'Neill"),
    (9, "Noor 🌷 van Dijk"),
    (10, "王 小明"),
    (13, "Łukasz Żółć, PhD"),
];

/// Project names, by department: which group builds in it.
pub const PROJECTS: [(&str, usize); 16] = [
    ("Billing", 0),
    ("Payroll", 1),
    ("Order to cash", 0),
    ("Onboarding & offboarding", 1),
    ("Lead routing", 2),
    ("Ticket triage", 3),
    ("Identität & Zugänge", 4),
    ("Expense \"express\"", 0),
    ("Warehouse sync", 5),
    ("Customer 360", 6),
    ("🚀 Launch sandbox", 4),
    ("Vendor payments", 0),
    ("=Reporting", 6),
    ("Quote approvals", 2),
    ("Menu publishing", 5),
    ("Feedback digest", 3),
];

/// What a project is called when the names begin again.
pub const REGIONS: [&str; 6] = ["EMEA", "APAC", "LATAM", "Nordics", "UK", "Canada"];

/// Groups, one per department, then more.
pub const GROUPS: [&str; 12] = [
    "Finance builders",
    "People operations",
    "Sales operations",
    "Support leads",
    "Integration guild",
    "Supply chain",
    "Data platform",
    "=External contractors",
    "Auditors",
    "Zürich \"core\" team",
    "On-call 🌙",
    "Release managers",
];

/// How many departments people belong to.
pub const DEPARTMENTS: usize = 7;

/// Custom environment roles.
pub const ENVIRONMENT_ROLES: [&str; 6] = [
    "Release manager",
    "Connection steward",
    "Read-only auditor",
    "API gateway \"owner\"",
    "Übergabe Betrieb",
    "=Break glass",
];

/// Custom legacy roles. "Read-only auditor" is a name both models have, on purpose.
pub const LEGACY_ROLES: [&str; 6] = [
    "Finance recipes",
    "Read-only auditor",
    "Connector developer",
    "Support \"tier 2\"",
    "Prüfung extern",
    "=Nightly jobs",
];

/// Folders inside projects.
pub const FOLDERS: [&str; 8] = [
    "Recipes",
    "Connections",
    "Lookup tables",
    "Old versions",
    "Übergabe",
    "Tests & drafts",
    "=Exports",
    "Shared 🤝",
];

/// Folders under Home outside any project.
pub const LOOSE_FOLDERS: [&str; 4] = ["Scratch", "Templates", "\"Do not touch\"", "Ablage für alles"];

/// Connector names with what people call the connection.
pub const CONNECTIONS: [(&str, &str); 7] = [
    ("netsuite", "NetSuite production ledger"),
    ("workday", "Workday HCM"),
    ("salesforce", "Salesforce (integration user)"),
    ("zendesk", "Zendesk"),
    ("slack", "Slack bot \"Chef\""),
    ("snowflake", "Snowflake warehouse"),
    ("sap", "SAP Küche"),
];

/// API clients.
pub const CLIENTS: [&str; 8] = [
    "Deploy pipeline (old)",
    "Deploy pipeline",
    "Monitoring",
    "Access review sync",
    "=Backup job",
    "Data platform \"loader\"",
    "Terraform",
    "Überwachung",
];

/// Roles of API clients.
pub const CLIENT_ROLES: [&str; 4] = ["Full access", "Deployment", "Monitoring", "Audit sync"];
