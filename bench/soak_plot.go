package main

import (
	"bytes"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// plot draws each gauge over time, one below the other, and its line through what
// is judged, as an SVG.
func (s *soaked) plot() ([]byte, error) {
	var column [][]*plot.Plot
	for _, g := range gauges {
		p, err := s.panel(g)
		if err != nil {
			return nil, err
		}
		column = append(column, []*plot.Plot{p})
	}
	column[len(column)-1][0].X.Label.Text = "minutes"
	canvas := vgsvg.New(pictureWidth, vg.Length(len(gauges))*2.6*vg.Inch)
	area := draw.Crop(draw.New(canvas), pictureMargin, -2*pictureMargin, pictureMargin, -pictureMargin)
	tiles := draw.Tiles{Rows: len(gauges), Cols: 1, PadY: 2 * pictureMargin}
	for row, areas := range plot.Align(column, tiles, area) {
		column[row][0].Draw(areas[0])
	}
	return svgOf(canvas)
}

func (s *soaked) panel(g gauge) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = nil
	p.Y.Label.Text = g.name
	p.X.Min, p.Y.Min, p.X.Max = 0, 0, s.Length.Minutes()
	inkAxes(p)
	p.Add(grid())
	seen := make(plotter.XYs, len(s.Looks))
	for i, l := range s.Looks {
		seen[i] = plotter.XY{X: l.At.Minutes(), Y: g.of(l) / g.unit}
	}
	line, err := plotter.NewLine(seen)
	if err != nil {
		return nil, err
	}
	line.Color, line.Width = lineColours[0], 1
	p.Add(line)
	judged := s.judged()
	t := g.trend(judged)
	fit, err := plotter.NewLine(plotter.XYs{
		{X: judged[0].At.Minutes(), Y: t.start / g.unit}, {X: judged[len(judged)-1].At.Minutes(), Y: (t.start + t.growth) / g.unit},
	})
	if err != nil {
		return nil, err
	}
	fit.Color, fit.Width = lineColours[1], 2.5
	p.Add(fit)
	p.Y.Max *= 1.1
	p.X.Tick.Marker, p.Y.Tick.Marker = evenTicks(p.X.Max), evenTicks(p.Y.Max)
	return p, nil
}

// svgOf returns the picture. Who has not the letters that were measured takes
// others like them.
func svgOf(canvas *vgsvg.Canvas) ([]byte, error) {
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(svg.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), nil
}
