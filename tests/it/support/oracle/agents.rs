//! The rows of agents and machine identities (`workato/agents.md 4`), of the environments with a token.

use super::Oracle;

impl Oracle<'_> {
    pub(super) fn agents(&mut self) {
        let Some(estate) = &self.workspace.estate else {
            return;
        };
        let listed = self.listed.clone();
        for user in &estate.users {
            let name = user.full_name.as_ref().or(user.email.as_ref()).unwrap_or(&user.id);
            self.resource("identity_user", &user.id, name, None);
        }
        for group in estate.groups.iter().filter(|group| listed.contains(&group.env)) {
            let key = self.resource("identity_group", &group.id, &group.name, None);
            let member = self.entitlement(&key, "member", format!("Member of {}", group.name));
            member.grantable_to = vec!["identity_user"];
            for user in &group.members {
                self.grant(&format!("{key}:member"), &format!("identity_user:{user}"))
                    .expect("all are listed");
            }
        }
        for genie in estate.genies.iter().filter(|genie| listed.contains(&genie.env)) {
            let parent = genie.project.map(|id| format!("project:{id}"));
            let key = self.resource("genie", &genie.id, &genie.name, parent);
            self.used(&key, &genie.name, &genie.groups);
        }
        for server in estate.servers.iter().filter(|server| listed.contains(&server.env)) {
            let parent = server.project.map(|id| format!("project:{id}"));
            let key = self.resource("mcp_server", &server.id, &server.name, parent);
            // Whoever has the address of one with a token is in: there is nothing to give.
            if server.method == "workato_idp" {
                self.used(&key, &server.name, &server.groups);
            }
        }
        for client in estate
            .genie_clients
            .iter()
            .filter(|client| listed.contains(&client.env))
        {
            self.resource("genie_client", &client.id, &client.name, None);
        }
        for client in estate.clients.iter().filter(|client| listed.contains(&client.env)) {
            self.resource("api_platform_client", &client.id.to_string(), &client.name, None);
            for key in &client.keys {
                let name = format!("{} of {}", key.name, client.name);
                self.resource("api_key", &format!("{}-{}", client.id, key.id), &name, None);
            }
        }
        for collection in estate.collections.iter().filter(|c| listed.contains(&c.env)) {
            let parent = collection.project.map(|id| format!("project:{id}"));
            let key = self.resource("api_collection", &collection.id.to_string(), &collection.name, parent);
            let call = self.entitlement(&key, "call", format!("Call {}", collection.name));
            (call.immutable, call.assignment) = (true, false);
            call.grantable_to = vec!["api_platform_client"];
            for client in estate.clients.iter().filter(|c| c.collections.contains(&collection.id)) {
                if let Some(grant) = self.grant(&format!("{key}:call"), &format!("api_platform_client:{}", client.id)) {
                    grant.immutable = true;
                }
            }
        }
    }

    fn used(&mut self, key: &str, name: &str, groups: &[String]) {
        let may = self.entitlement(key, "use", format!("Use {name}"));
        may.assignment = false;
        may.grantable_to = vec!["identity_group"];
        for group in groups {
            let grant = self
                .grant(&format!("{key}:use"), &format!("identity_group:{group}"))
                .expect("all are listed");
            grant.expands = Some(format!("identity_group:{group}:member"));
        }
    }
}
