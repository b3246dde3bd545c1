package store

import (
	"fmt"
	"iter"
	"strings"
)

// maxRows is how many rows one statement writes at most.
const maxRows = 32

// portions cuts n rows into ranges of a power of two, of maxRows at most: so
// there are few different statements to keep prepared.
func portions(n int) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for from, size := 0, maxRows; from < n; {
			for size > n-from {
				size /= 2
			}
			if !yield(from, from+size) {
				return
			}
			from += size
		}
	}
}

// rows returns the rows of a VALUES clause, numbered through: each of so many
// arguments and of rest, which begins with a comma or is empty.
func rows(n, arguments int, rest string) string {
	var text strings.Builder
	for i := range n * arguments {
		switch i % arguments {
		case 0:
			if i > 0 {
				text.WriteString(rest + "), ")
			}
			text.WriteString("(")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", i+1)
	}
	text.WriteString(rest + ")")
	return text.String()
}
