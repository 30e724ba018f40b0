//! The secret part of an explorer's address, kept in a file so that the address stays from one day to the next.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::owner;
use crate::baton::private::PrivateFile;
use crate::report::explore::Token;

/// Longer is no token.
const LONGEST: u64 = 1024;

/// The token of a file; a file that is not there is made, with a new token, for its owner alone.
///
/// # Errors
/// `Unknown` (exit code 2) for a file that others could have read or written, or that holds no token; those of the disk.
pub fn of(path: &Path) -> Result<Token> {
    let shown = path.display();
    // A pipe would be waited for.
    let opened = std::fs::metadata(path).and_then(|found| match found.is_file() {
        true => File::open(path).map(Some),
        false => Ok(None),
    });
    let file = match opened {
        Ok(Some(file)) => file,
        Ok(None) => return Err(not_private(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => return fresh(path),
        Err(error) => return Err(Error::from(error).context(format!("read {shown}"))),
    };
    let found = file.metadata().with_context(|| format!("read {shown}"))?;
    if !(found.is_file() && owner::is_mine(&found) && owner::is_private(&found)) {
        return Err(not_private(path));
    }
    let mut text = String::new();
    let read = file.take(LONGEST).read_to_string(&mut text);
    read.with_context(|| format!("read {shown}"))?;
    Token::of(text.trim()).ok_or_else(|| {
        Error::new(Kind::Unknown, format!("{shown} holds no token of an address"))
            .hint("a token is 32 to 128 letters and digits; or name a file that is not there: it is made")
    })
}

fn not_private(path: &Path) -> Error {
    Error::new(
        Kind::Unknown,
        format!("{} is not a file that you alone can read", path.display()),
    )
    .hint("`chmod 600` it if you trust what is in it, or name a file that is not there: it is made")
}

fn fresh(path: &Path) -> Result<Token> {
    let token = Token::fresh();
    let mut file = PrivateFile::create(path)?;
    file.keep(&format!("{}\n", token.expose()))?;
    Ok(token)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_made_once_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let made = of(&path).unwrap();
        assert_eq!(of(&path).unwrap().expose(), made.expose());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(format!("{made:?}"), "Token(***)");
    }

    #[test]
    fn what_others_could_have_read_or_what_is_no_token_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        of(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(of(&path).is_err());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::hard_link(&path, folder.path().join("other")).unwrap();
        assert!(of(&path).is_err(), "a second name");
        std::fs::remove_file(folder.path().join("other")).unwrap();
        for wrong in ["", "short", &"a/b".repeat(20), &"é".repeat(32), &"x".repeat(5000)] {
            std::fs::write(&path, wrong).unwrap();
            assert!(of(&path).is_err(), "{wrong}");
        }
        assert!(of(folder.path()).is_err(), "a folder");
    }
}
