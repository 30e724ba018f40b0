//! The condition of a multipart upload. It is the last request, the one that makes an object of the parts, that puts
//! something in the place of what was there, and the library sends that one without a condition. So it is added where
//! requests leave; signatures of S3 cover only headers that they name.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use object_store::{ClientOptions, HeaderValue};

/// What must hold when the parts become an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Condition {
    /// The mark of what lies there; without one nothing may.
    pub(super) e_tag: Option<String>,
    /// Whether the other side said that it does not hold.
    refused: Arc<AtomicBool>,
}

impl Condition {
    pub(super) fn new(e_tag: Option<String>) -> Self {
        Condition {
            e_tag,
            refused: Arc::default(),
        }
    }

    /// Whether the other side said that it does not hold.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst)
    }

    fn header(&self) -> Option<(&'static str, HeaderValue)> {
        match &self.e_tag {
            None => Some(("if-none-match", HeaderValue::from_static("*"))),
            Some(e_tag) => HeaderValue::from_str(e_tag).ok().map(|value| ("if-match", value)),
        }
    }
}

/// Connects as the library does, and adds the condition.
#[derive(Debug)]
pub(super) struct Connector(pub(super) Condition);

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Conditional {
            inner,
            condition: self.0.clone(),
        }))
    }
}

#[derive(Debug)]
struct Conditional {
    inner: HttpClient,
    condition: Condition,
}

impl HttpService for Conditional {
    fn call<'s, 'f>(
        &'s self,
        mut request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let query = request.uri().query().unwrap_or_default();
            // The first request of an upload has `uploads` in its place.
            let completes =
                request.method().as_str() == "POST" && query.split('&').any(|part| part.starts_with("uploadId="));
            if completes && let Some((name, value)) = self.condition.header() {
                request.headers_mut().insert(name, value);
            }
            let answer = self.inner.execute(request).await?;
            if completes && answer.status().as_u16() == 412 {
                self.condition.refused.store(true, Ordering::SeqCst);
            }
            Ok(answer)
        })
    }
}
