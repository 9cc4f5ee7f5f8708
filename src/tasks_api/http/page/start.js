// The ids in an answer become the parameters of all operations: a task that was created is the one
// that the others then get, change and delete.
function keepIds(response) {
  const {user_id, id: task_id} = response.body ?? {};
  if (!user_id) return response;
  const ids = {user_id, task_id};
  for (const [path, item] of ui.specSelectors.specJson().get("paths")) {
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
