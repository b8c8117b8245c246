// Package logbook writes down what robots and the server say (the log) and what people do (the audit log).
package logbook
