package mqtt

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tonypi/wire"
)

// BenchmarkPublish sends 300-byte messages from many robots into a handler that does nothing. QoS 1 keeps 32 messages
// of each robot on their way.
func BenchmarkPublish(b *testing.B) {
	for _, qos := range []byte{0, 1} {
		for _, robots := range []int{100, 500} {
			for _, watched := range []bool{false, true} {
				if watched && robots == 500 {
					continue
				}
				b.Run(fmt.Sprintf("qos=%d/robots=%d/watched=%v", qos, robots, watched), func(b *testing.B) {
					benchmarkPublish(b, qos, robots, watched)
				})
			}
		}
	}
}

func benchmarkPublish(b *testing.B, qos byte, robots int, watched bool) {
	broker := must(New(Config{
		Gate: newGate(), Handle: func(context.Context, wire.Message) error { return nil },
		Limits: Limits{MessageRate: 1e9, MessageBurst: 1e9},
	}))
	r := &rig{Broker: broker, t: b, addr: must(broker.Listen("127.0.0.1:0")).String()}
	r.run()
	if watched { // by somebody who reads, of a topic nobody publishes to
		v := r.connect(hello{id: "v", user: "viewer", pass: "secret"})
		v.sub(1, 0, "tonypi/sensors/none")
	}
	var peers []*peer
	for i := range robots {
		peers = append(peers, r.connect(hello{id: fmt.Sprint("r", i)}))
	}
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i, p := range peers {
		n := b.N / robots
		if i < b.N%robots {
			n++
		}
		wg.Go(func() { flood(b, p, qos, fmt.Sprint("tonypi/sensors/r", i), n) })
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// flood sends n messages, 32 at a time, and waits for the broker to have taken them.
func flood(b *testing.B, p *peer, qos byte, topic string, n int) {
	const window = 32
	one := p.pub(topic, strings.Repeat("x", 300), qos, 1, 0)
	var batch []byte
	_ = p.SetReadDeadline(time.Now().Add(time.Minute))
	for i := range window {
		if qos > 0 {
			binary.BigEndian.PutUint16(one[len(one)-302:], uint16(i+1))
		}
		batch = append(batch, one...)
	}
	answer := make([]byte, 4*window)
	for ; n > 0; n -= window {
		k := min(n, window)
		send := batch[:k*len(one)]
		expect := answer[:4*k]
		if qos == 0 {
			send, expect = append(send[:len(send):len(send)], 0xC0, 0), answer[:2]
		}
		if _, err := p.Write(send); err != nil {
			b.Error(err)
			return
		}
		if _, err := io.ReadFull(p.Conn.(*net.TCPConn), expect); err != nil {
			b.Error(err)
			return
		}
	}
}
