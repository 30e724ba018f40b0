//! Genies: agents that talk to people and act with the skills they have. Their instructions are never read.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use prost_types::Any;

use super::cause;
use super::client::{endpoint, ids, parts, rows};
use super::family::single::Losses;
use super::feature::{Each, Feature, One, Questions};
use super::identity_group::{self, IdentityGroupId};
use super::kind::{PAGE, ResourceKind, Right, first_of, id_value, stamp};
use super::probe::{Probe, Refused};
use super::project::{self, ProjectId};
use super::settings::Environment;
use super::tables::{FAN_OUT, Table, Tables};
use super::tokens::{self, Placed};
use super::writing::audience::{self, Audience, Doors};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::proto::v2::agent_trait::AgentStatus;
use crate::baton::resource::{self, Profile, ResourceBuilder};

ids! {
    /// A genie.
    GenieId,
    /// The folder it lies in: it only informs.
    GenieFolderId,
}

rows! {
    /// A genie (`workato/agents.md 3.2`). There is no field for its instructions.
    GenieRow {
        id: GenieId = id,
        name: Option<String> = text,
        description: Option<String> = text,
        state: Option<String> = text,
        folder_id: Option<GenieFolderId> = loose_id,
        project_id: Option<ProjectId> = loose_id,
        ai_provider: Option<String> = text,
        ai_model: Option<String> = text,
        skills_count: Option<i64> = number,
        knowledge_bases_count: Option<i64> = number,
        /// Who may use it. A list row need not have it.
        user_groups: Option<Vec<NamedGroup>> = loose_parts,
        created_at: Option<String> = time,
    }
}

parts! {
    /// A group where something else names it.
    NamedGroup {
        id: IdentityGroupId = id,
        name: Option<String> = text,
    }
}

impl GenieRow {
    /// The answer about one genie, and where that does not say something, what the list said.
    fn over(self, listed: &GenieRow) -> GenieRow {
        let listed = listed.clone();
        GenieRow {
            id: self.id,
            name: self.name.or(listed.name),
            description: self.description.or(listed.description),
            state: self.state.or(listed.state),
            folder_id: self.folder_id.or(listed.folder_id),
            project_id: self.project_id.or(listed.project_id),
            ai_provider: self.ai_provider.or(listed.ai_provider),
            ai_model: self.ai_model.or(listed.ai_model),
            skills_count: self.skills_count.or(listed.skills_count),
            knowledge_bases_count: self.knowledge_bases_count.or(listed.knowledge_bases_count),
            user_groups: self.user_groups.or(listed.user_groups),
            created_at: self.created_at.or(listed.created_at),
            odd: self.odd,
        }
    }
}

const FEATURE: Feature = Feature {
    family: "genies",
    endpoint: &endpoint::GENIES,
};

/// What syncs record when they read single genies.
const DETAILS: &str = "genie_details";

const QUESTIONS: Questions = Questions {
    what: "details of genies",
    family: DETAILS,
    at: &endpoint::GENIE,
    list: &endpoint::GENIES,
    losses: Losses {
        refused: cause::GENIE_REFUSED,
        missing: "genies, whose users are missing",
        gone: cause::GENIE_GONE,
        gone_message: "genies disappeared while they were read; their users are missing",
    },
};

/// The genies, with what each says of itself.
pub struct Genies;

impl Table for Genies {
    type Value = Vec<Placed<GenieRow>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<Placed<GenieRow>>> {
        let listed: Vec<Placed<GenieRow>> = t.feature(cx, &FEATURE).await?;
        let ids = tokens::ids(&listed);
        let asked = |here: &Environment| listed.iter().any(|placed| placed.environment == *here);
        t.all_vanished::<One<GenieRow>, GenieRow>(cx, &FEATURE, &QUESTIONS, asked, &ids)
            .await?;
        let whole = |placed: Placed<GenieRow>| whole(t, cx, &listed, placed);
        let genies: Vec<Placed<GenieRow>> = stream::iter(listed.clone())
            .map(whole)
            .buffered(FAN_OUT)
            .try_collect()
            .await?;
        for silent in genies.iter().filter(|placed| placed.row.user_groups.is_none()) {
            cx.warnings.add(
                cause::AUDIENCE_UNKNOWN,
                "genies do not say which identity groups may use them; their users are missing",
                called(&silent.row),
            );
        }
        Ok(genies)
    }
}

/// A genie as it is by itself; as it is in the list where it has no answer.
async fn whole(
    t: &Tables,
    cx: &SyncContext,
    all: &[Placed<GenieRow>],
    placed: Placed<GenieRow>,
) -> Result<Placed<GenieRow>> {
    let Some(client) = t.clients.of(&placed.environment) else {
        return Ok(placed);
    };
    let here = all.iter().filter(|other| other.environment == placed.environment);
    let each: Each<'_, GenieRow> = Each::of(
        (cx, client, &placed.environment),
        &QUESTIONS,
        here.map(|other| (other.row.id.to_string(), called(&other.row))),
    );
    let each = each.knowing(tokens::ids(all).into_iter());
    let family = t.family(cx, &each.family);
    let answer = each.answer::<One<GenieRow>>(&family, placed.row.id.as_str()).await?;
    Ok(match answer {
        Some(One(row)) if row.id == placed.row.id => Placed {
            row: row.over(&placed.row),
            ..placed
        },
        _ => placed,
    })
}

/// What a genie is called.
pub fn called(genie: &GenieRow) -> String {
    let id = genie.id.to_string();
    first_of([genie.name.as_deref(), Some(&id)])
        .unwrap_or_default()
        .to_owned()
}

/// The groups that genies name.
///
/// # Errors
/// As [`Genies`].
pub async fn groups_named(t: &Tables, cx: &SyncContext) -> Result<Vec<(IdentityGroupId, Option<String>)>> {
    let genies = t.get::<Genies>(cx).await?;
    let named = genies
        .iter()
        .filter_map(|placed| placed.row.user_groups.as_ref())
        .flatten();
    Ok(named.map(|group| (group.id.clone(), group.name.clone())).collect())
}

impl Audience for GenieRow {
    const DOORS: Doors = Doors {
        what: "a genie",
        list: &endpoint::GENIES,
        one: &endpoint::GENIE,
        open: &endpoint::OPEN_GENIE,
        close: &endpoint::CLOSE_GENIE,
        field: "user_group_ids",
    };

    fn title(&self) -> String {
        called(self)
    }

    fn open_to(&self) -> Option<Vec<IdentityGroupId>> {
        let groups = self.user_groups.as_ref()?;
        Some(groups.iter().map(|group| group.id.clone()).collect())
    }
}

/// The genie resource type.
pub struct Genie;

impl ResourceKind for Genie {
    const TYPE: &'static str = "genie";

    const CAPABILITIES: &'static [v2::Capability] = &[v2::Capability::Sync, v2::Capability::Provision];

    const ONLY_SLUG: Option<&'static str> = Some(identity_group::USE);

    const PROBES: &'static [Probe] = &[
        Probe::list::<GenieRow>(&endpoint::GENIES)
            .recorded(FEATURE.family)
            .per_environment()
            .refused(Refused::NotInPlan),
        Probe::object::<GenieRow>(&endpoint::GENIE, |_, replies| {
            let ids = |genies: &[GenieRow]| genies.iter().map(|genie| genie.id.to_string()).collect();
            replies.candidates(&endpoint::GENIES, ids, "there is none to ask about")
        })
        .recorded(DETAILS)
        .per_environment(),
    ];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "Genie", &[v2::resource_type::Trait::Agent], Vec::new())
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let projects = project::ids(t, cx).await?;
        let genies = t.get::<Genies>(cx).await?;
        Page::of_table(&genies, page, PAGE, |placed| {
            let parent = placed.row.project_id.as_ref().filter(|id| projects.contains(*id));
            build(placed, parent)
        })
    }

    async fn entitlements(_: &Tables, _: &SyncContext, genie: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        Ok(vec![identity_group::use_of(genie)])
    }

    async fn grants(t: &Tables, cx: &SyncContext, genie: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let genies = t.get::<Genies>(cx).await?;
        let id = resource::key(genie).1;
        let found = genies.iter().find(|placed| placed.row.id.as_str() == id);
        let groups = found
            .and_then(|placed| placed.row.user_groups.as_deref())
            .unwrap_or_default();
        let ids: Vec<IdentityGroupId> = groups.iter().map(|group| group.id.clone()).collect();
        Page::of_table(&identity_group::uses(genie, &ids), page, PAGE, Clone::clone)
    }

    async fn grant(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Granted> {
        audience::grant::<GenieRow>(t, cx, wanted).await
    }

    async fn revoke(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Vec<Any>> {
        audience::revoke::<GenieRow>(t, cx, wanted).await
    }
}

/// The words of a state are not published; these two are known from elsewhere (`workato/agents.md 3.2`).
fn status(state: Option<&str>) -> AgentStatus {
    match state.map(str::to_lowercase).as_deref() {
        Some("running") => AgentStatus::Ready,
        Some("stopped") => AgentStatus::Disabled,
        _ => AgentStatus::Unspecified,
    }
}

fn build(placed: &Placed<GenieRow>, parent: Option<&ProjectId>) -> v2::Resource {
    let genie = &placed.row;
    let id = genie.id.to_string();
    let profile = Profile::new()
        .with("id", id.as_str())
        .with("name", called(genie))
        .with("description", genie.description.as_deref())
        .with("environment", placed.environment.as_str())
        .with("state", genie.state.as_deref())
        .with("project_id", genie.project_id.as_ref().map(id_value))
        .with("folder_id", genie.folder_id.as_ref().map(id_value))
        .with("ai_provider", genie.ai_provider.as_deref())
        .with("ai_model", genie.ai_model.as_deref())
        .with("skills_count", genie.skills_count)
        .with("knowledge_bases_count", genie.knowledge_bases_count);
    let status = status(genie.state.as_deref());
    let mut resource = ResourceBuilder::new(Genie::TYPE, id.as_str(), called(genie))
        .profile(profile)
        .created_at(stamp(genie.created_at.as_deref()));
    if status != AgentStatus::Unspecified {
        resource = resource.status(status == AgentStatus::Ready);
    }
    match parent {
        Some(project) => resource.parent(project::resource_id(project)),
        None => resource,
    }
    .agent(status)
    .build()
}
