package main

import (
	"bytes"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The picture has no ground of its own, and is read on a light page and on a dark one.
var (
	ink   = color.NRGBA{0x76, 0x7d, 0x86, 0xff}
	lines = []color.RGBA{{0xe0, 0x7b, 0x28, 0xff}, {0x2f, 0x81, 0xf7, 0xff}, {0x76, 0x7d, 0x86, 0xff}}
)

// draw shows the files that everybody is told of against the participants, with one
// of each engine and divided, and those that are offered, as an SVG.
func (s sweep) draw(one, many []*outcome) ([]byte, error) {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = "participants", "files that everybody in their room is told of, in a second"
	letters := font.Font{Typeface: "Liberation", Variant: "Sans", Size: 13}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color, axis.Label.TextStyle.Color, axis.Tick.Label.Color = ink, ink, ink, ink
		axis.Label.TextStyle.Font, axis.Tick.Label.Font, axis.Label.Padding = letters, letters, 6
		axis.Scale, axis.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	p.Legend.TextStyle.Color, p.Legend.TextStyle.Font = ink, letters
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs, p.Legend.YOffs, p.Legend.Padding = true, true, 12, -6, 5
	for i, line := range []struct {
		name string
		all  []*outcome
		y    func(*outcome) float64
	}{
		{"one PostgreSQL and one Redis", one, func(o *outcome) float64 { return o.Shared }},
		{"rooms divided among several", many, func(o *outcome) float64 { return o.Shared }},
		{"offered", one, func(o *outcome) float64 { return o.Offered }},
	} {
		points := make(plotter.XYs, len(line.all))
		for j, o := range line.all {
			points[j] = plotter.XY{X: float64(o.world.Participants), Y: max(line.y(o), 0.1)}
		}
		l, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		l.Color, l.Width, marks.Color, marks.Shape, marks.Radius = lines[i], 2.5, lines[i], draw.CircleGlyph{}, 4
		if i == 2 {
			l.Dashes, l.Width, marks.Radius = []vg.Length{5, 4}, 1.5, 0
		}
		p.Add(l, marks)
		p.Legend.Add(line.name, l, marks)
	}
	canvas := vgsvg.New(9*vg.Inch, 5*vg.Inch)
	p.Draw(draw.Crop(draw.New(canvas), 8, -16, 8, -8))
	var text bytes.Buffer
	if _, err := canvas.WriteTo(&text); err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(text.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), nil
}
