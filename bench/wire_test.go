package main

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// testWire is a wire and both outer ends of it.
func testWire(l link) (w *wire, left, right net.Conn) {
	left, a := net.Pipe()
	right, b := net.Pipe()
	return newWire(a, b, l), left, right
}

// slow sends 1000 bytes in 8 ms.
var slow = link{rate: 1_000_000, delay: 10 * time.Millisecond, queue: 20 * time.Millisecond}

func TestWireDelaysAndPaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, left, right := testWire(slow)
		started := time.Now()
		for range 3 {
			if _, err := left.Write(make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
		block := make([]byte, 2000)
		for i := range 3 {
			n, err := right.Read(block)
			if err != nil || n != 1000 {
				t.Fatalf("%d bytes, %v", n, err)
			}
			if took, want := time.Since(started), time.Duration(18+8*i)*time.Millisecond; took != want {
				t.Errorf("packet %d took %v, want %v", i, took, want)
			}
		}
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestWireCarriesBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, left, right := testWire(slow)
		for from, to := range map[net.Conn]net.Conn{left: right, right: left} {
			if _, err := from.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 5)
			if _, err := io.ReadFull(to, got); err != nil || string(got) != "hello" {
				t.Errorf("%q, %v", got, err)
			}
		}
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestWireDropsWhatFindsTheQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, left, right := testWire(slow)
		for range 10 {
			if _, err := left.Write(make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
		arrived := make(chan int)
		go func() {
			n := 0
			for block := make([]byte, 2000); ; n++ {
				if _, err := right.Read(block); err != nil {
					break
				}
			}
			arrived <- n
		}()
		time.Sleep(time.Second) // virtual: all that was accepted has arrived
		if err := w.close(); err != nil {
			t.Error(err)
		}
		// Three take 24 ms to send: the fourth would have to wait for longer than 20.
		if n := <-arrived; n != 3 {
			t.Errorf("%d packets arrived of 10, want 3", n)
		}
	})
}

func TestWireTellsOfABrokenEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left, a := net.Pipe()
		w := newWire(a, brokenEnd{make(chan struct{})}, slow)
		if _, err := left.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // virtual: it has been tried to deliver it
		if err := w.close(); !errors.Is(err, errBroken) {
			t.Errorf("error %v, want that of the end", err)
		}
	})
}

var errBroken = errors.New("broken")

// brokenEnd takes no packet.
type brokenEnd struct{ closed chan struct{} }

func (e brokenEnd) Read([]byte) (int, error)  { <-e.closed; return 0, io.EOF }
func (e brokenEnd) Write([]byte) (int, error) { return 0, errBroken }
func (e brokenEnd) Close() error              { close(e.closed); return nil }
