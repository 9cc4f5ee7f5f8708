// What is created by one operation is what the others then get, change and delete: the document's
// links say which members of an answer are parameters ({user_id: "$response.body#/user_id"}).
function keepIds(response) {
  const paths = ui.specSelectors.specJson().get("paths");
  // The first response is the document itself.
  if (!paths) return response;
  const links = [...paths.values()].flatMap((item) => [...item.values()])
    .flatMap((operation) => [...(operation.get?.("responses")?.values() ?? [])])
    .flatMap((answer) => [...(answer.get("links")?.values() ?? [])]);
  const ids = {};
  for (const [name, source] of links.flatMap((link) => [...link.get("parameters")])) {
    ids[name] = response.body?.[source.replace("$response.body#/", "")];
  }
  for (const [path, item] of paths) {
    for (const parameter of item.get("parameters") ?? []) {
      const id = ids[parameter.get("name")];
      for (const method of id ? item.delete("parameters").keys() : []) {
        ui.specActions.changeParamByIdentity([path, method], parameter, id);
      }
    }
  }
  return response;
}

const ui = SwaggerUIBundle({
  url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, tryItOutEnabled: true,
  persistAuthorization: true, validatorUrl: null, responseInterceptor: keepIds,
});
