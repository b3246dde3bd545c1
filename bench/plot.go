package main

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The picture has no ground of its own, and is read on a light page and on a
// dark one: these colours stand out from both.
var (
	inkColour   = color.NRGBA{0x76, 0x7d, 0x86, 0xff}
	gridColour  = color.NRGBA{0x76, 0x7d, 0x86, 0x40}
	lineColours = []color.RGBA{{0x2f, 0x81, 0xf7, 0xff}, {0xe0, 0x7b, 0x28, 0xff}}
)

const (
	pictureWidth  = 9 * vg.Inch
	pictureHeight = 5 * vg.Inch
	pictureMargin = 8
	inkSize       = 13
)

// plotDeliveries draws the median time of each way against the size of the
// file, above what the link needs at least, as an SVG.
func plotDeliveries(r *route, sizes []size, ways []way) ([]byte, error) {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = "size of the file, MiB", "first byte sent to last byte received, s"
	p.X.Min, p.Y.Min = 0, 0
	inkAxes(p)
	p.Add(grid())
	least := make(plotter.XYs, len(sizes))
	for i, size := range sizes {
		least[i] = plotter.XY{X: mebi(size), Y: r.least(int64(size)).Seconds()}
	}
	for i, w := range ways {
		points := make(plotter.XYs, len(sizes))
		for j, size := range sizes {
			points[j] = plotter.XY{X: mebi(size), Y: median(w.whole(size)).Seconds()}
		}
		if err := addLine(p, w.name, points, lineColours[i]); err != nil {
			return nil, err
		}
	}
	if err := addLeast(p, least); err != nil {
		return nil, err
	}
	p.Y.Max *= 1.05
	p.X.Tick.Marker, p.Y.Tick.Marker = evenTicks(p.X.Max), evenTicks(p.Y.Max)
	canvas := vgsvg.New(pictureWidth, pictureHeight)
	p.Draw(draw.Crop(draw.New(canvas), pictureMargin, -2*pictureMargin, pictureMargin, -pictureMargin))
	return svgOf(canvas)
}

// evenTicks numbers an axis from 0 in steps of 1, 2 or 5 times a power of ten,
// ten at most.
func evenTicks(most float64) plot.ConstantTicks {
	step := math.Pow(10, math.Floor(math.Log10(most))-1)
	for _, times := range []float64{2, 2.5, 2} { // 2, 5, 10 of the first step
		if most/step <= 10 {
			break
		}
		step *= times
	}
	var ticks plot.ConstantTicks
	for i := 0; float64(i)*step <= most; i++ {
		at := float64(i) * step
		ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'g', 4, 64)})
	}
	return ticks
}

func mebi(s size) float64 { return float64(s) / (1 << 20) }

// inkAxes gives all that is no line of figures its colour and its letters.
func inkAxes(p *plot.Plot) {
	letters := font.Font{Typeface: "Liberation", Variant: "Sans", Size: inkSize}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color = inkColour, inkColour
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = inkColour, inkColour
		axis.Label.TextStyle.Font, axis.Tick.Label.Font = letters, letters
		axis.Label.Padding = 6
	}
	p.Legend.TextStyle.Color, p.Legend.TextStyle.Font = inkColour, letters
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.XOffs, p.Legend.YOffs, p.Legend.Padding = 12, -6, 5
	p.Legend.ThumbnailWidth = 28
}

func grid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal.Color, g.Vertical.Color = gridColour, gridColour
	return g
}

func addLine(p *plot.Plot, name string, points plotter.XYs, colour color.Color) error {
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = colour, 2.5
	marks.Color, marks.Shape, marks.Radius = colour, draw.CircleGlyph{}, 4
	p.Add(line, marks)
	p.Legend.Add(name, line, marks)
	return nil
}

func addLeast(p *plot.Plot, points plotter.XYs) error {
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.Color, line.Width, line.Dashes = inkColour, 1.5, []vg.Length{5, 4}
	p.Add(line)
	p.Legend.Add("least that the links permit", line)
	return nil
}
