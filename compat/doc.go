// Package compat answers the paths of the original Python system in its shapes, on the same engines and stores as the API.
package compat
