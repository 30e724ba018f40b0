//! The second connector, whole: who is on call. It knows the kit and nothing else of this program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use baton_workato::baton::about::About;
use baton_workato::baton::capability;
use baton_workato::baton::config::{Export, Field, Values, setting};
use baton_workato::baton::connector::{self, Connector, Granted, Provisioner, SyncContext};
use baton_workato::baton::entitlement::{self, EntitlementBuilder, Purpose};
use baton_workato::baton::error::{Error, Kind, Result};
use baton_workato::baton::grant::{self, GrantBuilder};
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::Capability::{Provision, Sync};
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{self, ResourceBuilder, User, resource_type};

/// What it is.
pub const ABOUT: About = About {
    name: "baton-rota",
    version: "4.0.1",
    repository: "https://example.org/rota",
    rust_version: "1.90",
    mark: "RO-",
};

/// Its settings.
pub static FIELDS: &[Field] = &[
    Field::text("rota", "Teams and who is in them: \"day: ada, bob; night: cyd\"")
        .display("Rota")
        .required()
        .export(Export::Gui),
];

/// Rows of a page.
const PAGE: usize = 2;

/// Teams with their members. Every team is on call for the shift of its name, and so is whoever is in it.
pub struct Rota(pub Mutex<BTreeMap<String, BTreeSet<String>>>);

impl Rota {
    /// The rota that the settings say.
    pub fn of(values: &Values) -> Result<Rota> {
        const TEAMS: setting::Setting<setting::Text> = setting::Setting::named(FIELDS, "rota");
        let team = |text: &str| {
            let (name, people) = text.split_once(':')?;
            let people = people.split(',').map(|person| person.trim().to_owned()).collect();
            Some((name.trim().to_owned(), people))
        };
        let teams: Option<_> = TEAMS.of(values).split(';').map(team).collect();
        let wrong = Error::new(Kind::InvalidArgument, "a team is written \"day: ada, bob\"");
        teams.map(|teams| Rota(Mutex::new(teams))).ok_or(wrong)
    }

    /// Changes who is in a team.
    fn change(&self, (kind, name): (&str, &str), how: impl FnOnce(&mut BTreeSet<String>) -> bool) -> Result<bool> {
        if kind != "team" {
            return Err(connector::unsupported(kind, "has no members"));
        }
        let missing = || Error::new(Kind::NotFound, format!("there is no team {name:?}"));
        self.0.lock().unwrap().get_mut(name).map(how).ok_or_else(missing)
    }
}

fn types() -> [v2::ResourceType; 3] {
    [("person", Trait::User), ("shift", Trait::Role), ("team", Trait::Group)]
        .map(|(id, of)| resource_type(id, id, &[of], Vec::new()))
}

impl Connector for Rota {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        let [person, shift, team] = types();
        let can = [(person, vec![Sync]), (shift, vec![Sync]), (team, vec![Sync, Provision])];
        v2::ConnectorMetadata {
            display_name: "Rota".to_owned(),
            capabilities: Some(capability::of_types(can)),
            ..Default::default()
        }
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        types().into()
    }

    async fn validate(&self, _: &SyncContext) -> Result<()> {
        Ok(())
    }

    async fn list_resources(
        &self,
        _: &SyncContext,
        kind: &str,
        _: Option<&v2::ResourceId>,
        page: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        let teams = self.0.lock().unwrap().clone();
        let names: BTreeSet<String> = match kind {
            "person" => teams.into_values().flatten().collect(),
            _ => teams.into_keys().collect(),
        };
        Page::of_table(&Vec::from_iter(names), page, PAGE, |name| {
            let row = ResourceBuilder::new(kind, name, name);
            match kind {
                "person" => row.user(User::human(format!("{name}@rota.example"))).build(),
                "shift" => row.role().build(),
                _ => row.group().build(),
            }
        })
    }

    async fn list_entitlements(
        &self,
        _: &SyncContext,
        on: &v2::Resource,
        _: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        let [person, _, team] = types();
        let build = |slug, to: &[&_]| EntitlementBuilder::new(on, slug, Purpose::Assignment, to).build();
        Ok(Page::last(match resource::key(on).0 {
            "team" => vec![build("member", &[&person])],
            "shift" => vec![build("on-call", &[&team, &person])],
            _ => Vec::new(),
        }))
    }

    async fn list_grants(&self, _: &SyncContext, on: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let (kind, name) = resource::key(on);
        let to = |kind, name: &str, slug| GrantBuilder::new(on, slug, resource::id(kind, name));
        let over = entitlement::id(&resource::id("team", name), "member");
        let people = self.0.lock().unwrap().get(name).cloned().unwrap_or_default();
        match kind {
            "team" => Page::of_table(&Vec::from_iter(people), page, PAGE, |who| {
                to("person", who, "member").build()
            }),
            "shift" => Ok(Page::last(vec![to("team", name, "on-call").expands_over(over).build()])),
            _ => Ok(Page::default()),
        }
    }
}

impl Provisioner for Rota {
    async fn grant(&self, _: &SyncContext, who: &v2::Resource, what: &v2::Entitlement) -> Result<Granted> {
        let who = resource::key(who).1.to_owned();
        self.change(entitlement::on(what), |team| team.insert(who))
            .map(Granted::answer)
    }

    async fn revoke(&self, _: &SyncContext, held: &v2::Grant) -> Result<Vec<prost_types::Any>> {
        let who = grant::principal(held).1;
        self.change(grant::on(held), |team| team.remove(who))
            .map(connector::revoke_answer)
    }
}
