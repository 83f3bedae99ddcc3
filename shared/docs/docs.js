// Starts Swagger UI on /openapi.json. It asks nobody else: no validator, no fonts, no remembered tokens.
const place = document.getElementById("docs");
if (typeof SwaggerUIBundle === "undefined") {
  place.textContent = "The pages have not been built: run `make pages` once. The API is described in /openapi.json.";
} else {
  SwaggerUIBundle({
    url: "/openapi.json",
    domNode: place,
    displayRequestDuration: true,
    // Well over a hundred operations: groups to open and a field to find them, or only what is in view would be drawn at all.
    docExpansion: "none",
    filter: true,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
    requestInterceptor: (request) => {
      // Who has signed in on a page may also try changes; a foreign page cannot send this header.
      if (new URL(request.url, location.href).origin === location.origin) request.headers["X-Outpost"] = "1";
      return request;
    },
    onComplete: () => {
      const heading = place.querySelector("h1, .title");
      if (heading) document.title = heading.firstChild.textContent;
    },
  });
}
