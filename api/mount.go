package api

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tonypi"
)

//go:embed docs
var docs embed.FS

// mount adds what is not an operation of the OpenAPI document.
func (s *Server) mount(r *routes) {
	r.handle(public, "GET "+prefix+"/openapi.json", s.serveDocument("application/openapi+json", &s.document))
	r.handle(public, "GET "+prefix+"/openapi.yaml", s.serveDocument("application/openapi+yaml", &s.yaml))
	page := s.docsFile("index.html", "text/html; charset=utf-8")
	r.handle(public, "GET /docs", page)
	r.handle(public, "GET "+prefix+"/docs", page)
	r.handle(public, "GET /docs/docs.js", s.docsFile("docs.js", "text/javascript; charset=utf-8"))
	r.handle(public, "GET /docs/docs.css", s.docsFile("docs.css", "text/css; charset=utf-8"))
	r.handle(may(tonypi.View), "GET /metrics", http.HandlerFunc(s.serveMetrics))
	if s.cfg.Live != nil {
		r.handle(public, "GET "+prefix+"/live", s.cfg.Live) // asks for a token in its first frame: a browser cannot send headers
	}
	if s.cfg.MQTT != nil {
		r.handle(public, "GET /mqtt", s.cfg.MQTT) // MQTT's own CONNECT says who it is
	}
	r.mountExtra(s.cfg.Extra)
	r.handle(public, "GET /api", http.HandlerFunc(serveVersions))
	r.handle(public, "/api/", http.HandlerFunc(s.serveUnknown))
	r.handle(public, rulesPath+"/", http.HandlerFunc(s.serveUnknown))
	r.handle(public, rulesPath, http.HandlerFunc(s.serveUnknown))
	r.handle(public, "/", http.HandlerFunc(s.servePage))
}

func (s *Server) serveDocument(kind string, document *[]byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(*document) // the client may be gone
	})
}

func (s *Server) docsFile(name, kind string) http.Handler {
	content, err := fs.ReadFile(docs, "docs/"+name)
	if err != nil {
		s.routes.errs = append(s.routes.errs, err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(content) // the client may be gone
	})
}

func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Metrics == nil {
		s.writeProblem(w, r, tonypi.Errorf(tonypi.Unavailable, "The server does not measure itself"))
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.cfg.Metrics(w)
}

func serveVersions(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"current_version":"v1","supported_versions":["v1"],"base_url":"/api/v1"}` + "\n")) // the client may be gone
}

// servePage gives every other path to the page, which shows its own "not found".
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		s.serveUnknown(w, r)
	case s.cfg.Web == nil:
		writeModel(w, notFound())
	default:
		s.cfg.Web.ServeHTTP(w, r)
	}
}

// serveUnknown answers 405 when the path exists for another method, else 404.
func (s *Server) serveUnknown(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE"} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.routes.muxOf(r.URL.Path).Handler(probe); strings.HasPrefix(pattern, method+" ") || method == "HEAD" && strings.HasPrefix(pattern, "GET ") {
			allow = append(allow, method)
		}
	}
	if !strings.HasPrefix(r.URL.Path, "/api/") && len(allow) == 0 {
		allow = []string{"GET", "HEAD"} // the page's
	}
	if len(allow) == 0 {
		writeModel(w, notFound())
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	writeModel(w, plainModel(http.StatusMethodNotAllowed))
}

func notFound() *huma.ErrorModel { return plainModel(http.StatusNotFound) }

// plainModel is a problem about which there is no more to say than its status.
func plainModel(status int) *huma.ErrorModel {
	return &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: http.StatusText(status)}
}
