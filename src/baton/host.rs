//! The machine a process runs on.

/// The name of this host, if the system says it.
pub fn name() -> Option<String> {
    let of_system = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let of_environment = || {
        std::env::var("HOSTNAME")
            .or_else(|_| std::env::var("COMPUTERNAME"))
            .ok()
    };
    let name = of_system.or_else(of_environment)?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
