use super::prelude::*;
use crate::directory::versions::FindLinkageSecret;
use crate::storage::schema::secrets;

const LINKAGE: &str = "linkage";

impl Run for FindLinkageSecret {
    type Answer = String;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<String, DirectoryError> {
        let secret = secrets::table.find(LINKAGE).select(secrets::value);
        let secret: Option<String> = secret.get_result(connection).await.optional()?;
        secret.ok_or_else(|| DirectoryError::internal("the secret of linkage is gone"))
    }
}
