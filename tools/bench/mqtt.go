package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// samplesPerMessage is how many readings one message of the load carries.
const samplesPerMessage = 10

// publisher is one robot's MQTT connection, written for little CPU: a packet is a template in which only the packet ID, the
// stamp and one value change.
type publisher struct {
	conn    net.Conn
	packet  []byte
	idAt    int // where the packet ID stands
	stampAt int // where the message's time stands
	valueAt int // where the bench_stamp value stands
	id      uint16
	sent    [1 << 10]int64 // by packet ID: when it was sent, ns
	acked   atomic.Int64
	slots   chan struct{} // in-flight window of the saturating load
	mu      sync.Mutex
	latency []float64 // ms from PUBLISH to PUBACK
}

const stampForm = "2006-01-02T15:04:05.000Z"

// dial connects one robot and makes its template.
func dial(addr, clientID string, window int) (*publisher, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	connect := append([]byte{0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60}, mqttString(clientID)...)
	if _, err := conn.Write(append([]byte{0x10, byte(len(connect))}, connect...)); err != nil {
		return nil, err
	}
	var ack [4]byte
	if _, err := io.ReadFull(conn, ack[:]); err != nil {
		return nil, fmt.Errorf("connect %s: %w", clientID, err)
	}
	if ack[0] != 0x20 || ack[3] != 0 {
		return nil, fmt.Errorf("connect %s: refused with %d", clientID, ack[3])
	}
	p := &publisher{conn: conn, slots: make(chan struct{}, window)}
	p.template(clientID)
	go p.readAcks()
	return p, nil
}

func mqttString(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

// template makes a PUBLISH with QoS 1 of ten readings, some 300 bytes of JSON as the robots of the field send them.
func (p *publisher) template(id string) {
	head := fmt.Sprintf(`{"robot_id":%q,"timestamp":"`, id)
	middle := `","accelerometer_x":-0.118,"accelerometer_y":-0.314,"accelerometer_z":9.928,"gyroscope_x":7.24,"gyroscope_y":7.26,` +
		`"gyroscope_z":-0.83,"ultrasonic_distance":52.1,"light_level":71.5,"cpu_temperature":44.6,"bench_stamp":`
	payload := head + stampForm + middle + "0000000000.000}"
	body := append(mqttString("tonypi/sensors/"+id), 0, 0)
	p.packet = append([]byte{0x32}, remaining(len(body)+len(payload))...)
	p.idAt = len(p.packet) + len(body) - 2
	p.packet = append(p.packet, body...)
	p.stampAt = len(p.packet) + len(head)
	p.valueAt = len(p.packet) + len(payload) - len("0000000000.000}")
	p.packet = append(p.packet, payload...)
}

func remaining(n int) []byte {
	var b []byte
	for {
		d := byte(n % 128)
		if n /= 128; n > 0 {
			b = append(b, d|0x80)
			continue
		}
		return append(b, d)
	}
}

// send publishes one message stamped now. The stamp value is milliseconds since epoch of the bench, so that a watcher can
// tell how old it is.
func (p *publisher) send(now, epoch time.Time) error {
	p.id = p.id%1000 + 1
	binary.BigEndian.PutUint16(p.packet[p.idAt:], p.id)
	var stamp [40]byte // formatting uses more room than its result, so not within the packet
	copy(p.packet[p.stampAt:], now.UTC().AppendFormat(stamp[:0], stampForm))
	digits(p.packet[p.valueAt:p.valueAt+14], now.Sub(epoch))
	atomic.StoreInt64(&p.sent[p.id], now.UnixNano())
	_, err := p.conn.Write(p.packet)
	return err
}

// digits writes d as milliseconds with three decimals, fourteen characters wide; JSON forbids leading zeros, so the first is 1.
func digits(b []byte, d time.Duration) {
	us := d.Microseconds() + 1_000_000_000_000
	for i := len(b) - 1; i >= 0; i-- {
		if i == len(b)-4 {
			b[i] = '.'
			continue
		}
		b[i] = byte('0' + us%10)
		us /= 10
	}
}

// epochOffset is what digits adds, in milliseconds.
const epochOffset = 1_000_000_000.0

func (p *publisher) readAcks() {
	r := bufio.NewReaderSize(p.conn, 512)
	var b [4]byte
	for {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return
		}
		if b[0] != 0x40 {
			continue
		}
		at := atomic.LoadInt64(&p.sent[binary.BigEndian.Uint16(b[2:])&1023])
		if n := p.acked.Add(1); n%4 == 0 {
			p.mu.Lock()
			p.latency = append(p.latency, float64(time.Now().UnixNano()-at)/1e6)
			p.mu.Unlock()
		}
		select {
		case <-p.slots:
		default:
		}
	}
}

// fleet is many publishers.
type fleet []*publisher

func dialFleet(addr string, n, window int) (fleet, error) {
	var f fleet
	for i := range n {
		p, err := dial(addr, fmt.Sprintf("bench_%04d", i), window)
		if err != nil {
			return nil, err
		}
		f = append(f, p)
	}
	return f, nil
}

func (f fleet) close() {
	for _, p := range f {
		_ = p.conn.Close()
	}
}

func (f fleet) acked() (n int64) {
	for _, p := range f {
		n += p.acked.Load()
	}
	return n
}

// latencies takes the PUBACK latencies collected so far, sorted.
func (f fleet) latencies() []float64 {
	var all []float64
	for _, p := range f {
		p.mu.Lock()
		all = append(all, p.latency...)
		p.latency = nil
		p.mu.Unlock()
	}
	slices.Sort(all)
	return all
}

// saturate keeps every connection's window full for d.
func (f fleet) saturate(d time.Duration, epoch time.Time) {
	stop := time.Now().Add(d)
	var wg sync.WaitGroup
	for _, p := range f {
		wg.Go(func() {
			for {
				p.slots <- struct{}{}
				now := time.Now()
				if now.After(stop) || p.send(now, epoch) != nil {
					return
				}
			}
		})
	}
	wg.Wait()
}

// pace sends rate messages a second in all, evenly over the connections, for d.
func (f fleet) pace(rate int, d time.Duration, epoch time.Time) (sent int64) {
	const step = time.Millisecond
	start := time.Now()
	next := 0
	for {
		elapsed := time.Since(start)
		if elapsed > d {
			return sent
		}
		for due := int64(elapsed.Seconds() * float64(rate)); sent < due; sent++ {
			if f[next].send(time.Now(), epoch) != nil {
				return sent
			}
			next = (next + 1) % len(f)
		}
		time.Sleep(step)
	}
}

func percentile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
