//! What a condition can ask about.

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The display name of whoever holds it.
    Name,
    /// E-mail addresses and logins.
    Email,
    /// What stands behind the `@` of the e-mail addresses.
    Domain,
    /// The id, bare and as `type:id`.
    Id,
    /// The resource type of whoever holds it, id and display name.
    Type,
    /// Human, service, system or unknown.
    Account,
    /// Enabled, disabled, deleted or unknown.
    Status,
    /// How long since the last activity.
    Idle,
    /// How long since the account was made.
    Age,
    /// What is held: names and ids of entitlement, and what people call it.
    Entitlement,
    /// The resource it is on: name, bare id and `type:id`.
    Resource,
    /// The type of that resource, id and display name.
    ResourceType,
    /// The environment it holds in.
    Environment,
    /// What it follows from: every role and group on the ways to it.
    Through,
    /// How it leads to what is reached.
    Reach,
    /// Given by somebody, not following from something else.
    Direct,
    /// The opposite.
    Derived,
    /// Can only be taken away where it comes from.
    Immutable,
}

/// What can be asked of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `=`, `~`, `in`, with any text.
    Text,
    /// `=` and `in`, with one of these words.
    OneOf(&'static [&'static str]),
    /// `<`, `>`, with a span of time.
    Span,
    /// The word alone.
    Flag,
}

impl Field {
    /// Every field, in the order of help.
    pub const ALL: &'static [Field] = &[
        Field::Name,
        Field::Email,
        Field::Domain,
        Field::Id,
        Field::Type,
        Field::Account,
        Field::Status,
        Field::Idle,
        Field::Age,
        Field::Entitlement,
        Field::Resource,
        Field::ResourceType,
        Field::Environment,
        Field::Through,
        Field::Reach,
        Field::Direct,
        Field::Derived,
        Field::Immutable,
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Field::Name => "name",
            Field::Email => "email",
            Field::Domain => "domain",
            Field::Id => "id",
            Field::Type => "type",
            Field::Account => "account",
            Field::Status => "status",
            Field::Idle => "idle",
            Field::Age => "age",
            Field::Entitlement => "entitlement",
            Field::Resource => "resource",
            Field::ResourceType => "resource-type",
            Field::Environment => "environment",
            Field::Through => "through",
            Field::Reach => "reach",
            Field::Direct => "direct",
            Field::Derived => "derived",
            Field::Immutable => "immutable",
        }
    }

    /// One line of help.
    pub fn help(self) -> &'static str {
        match self {
            Field::Name => "display name of the person or account",
            Field::Email => "e-mail addresses and logins",
            Field::Domain => "what stands behind the @ of the e-mail addresses; logins are none",
            Field::Id => "id, bare or as type:id",
            Field::Type => "resource type of the account: collaborator, api_client",
            Field::Account => "human, service, system or unknown",
            Field::Status => "enabled, disabled, deleted or unknown",
            Field::Idle => "time between the last activity and the sync; for ever where none is known",
            Field::Age => "time between the creation of the account and the sync; for ever where it is not known",
            Field::Entitlement => "what is held: its name, its id, the role or group it makes a member of",
            Field::Resource => "what it is on, and what it leads to: name, id or type:id",
            Field::ResourceType => "type of these: project, environment_role",
            Field::Environment => "environment of what it leads to: dev, test, prod; nothing for what is in none",
            Field::Through => "roles and groups it follows from",
            Field::Reach => "how it leads there: on, above, inside, scope or self-granting; see below",
            Field::Direct => "given to the account itself",
            Field::Derived => "follows from a role or group",
            Field::Immutable => "can only be taken away where it comes from",
        }
    }

    /// What can be asked.
    pub fn kind(self) -> Kind {
        match self {
            Field::Account => Kind::OneOf(&["human", "service", "system", "unknown"]),
            Field::Status => Kind::OneOf(&["enabled", "disabled", "deleted", "unknown"]),
            Field::Reach => Kind::OneOf(&["on", "above", "inside", "scope", "self-granting"]),
            Field::Idle | Field::Age => Kind::Span,
            Field::Direct | Field::Derived | Field::Immutable => Kind::Flag,
            _ => Kind::Text,
        }
    }

    /// The field of a word; `-` and `_` are the same.
    pub fn of(word: &str) -> Option<Field> {
        let word = word.to_lowercase().replace('_', "-");
        Field::ALL.iter().copied().find(|field| field.word() == word)
    }
}

/// The table of fields for help texts.
pub fn table() -> String {
    let lines: Vec<String> = Field::ALL
        .iter()
        .map(|field| format!("  {:<14} {}", field.word(), field.help()))
        .collect();
    lines.join("\n")
}
