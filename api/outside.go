package api

import "net/http"

// WriteProblem answers a request with an error in the API's form.
func (s *Server) WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	s.writeProblem(w, r, err)
}
