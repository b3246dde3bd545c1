//go:build !linux

package main

import "errors"

// holdTo is known on Linux only.
func holdTo(int, float64) (func() error, error) { return nil, errors.ErrUnsupported }
