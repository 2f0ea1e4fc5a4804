"""The drawing half of the monitor: plain values and a size in, rows of styled text out.

Rules: nothing here knows an event, a widget or an application; every `draw_*` returns exactly `height` rows
of exactly `width` cells and works from 1×1 upwards; names are made inert on the way in.

    canvas     Ink, Row, fit, beside, framed, to_text           what a drawing returns, and joining drawings
    ansi       to_ansi(rows, skin)                              rows for a bare terminal
    strips     to_strip(row, skin)                              a row for a Textual widget
    palette    TEXT, MUTED, ALERT, …, phase_ink, model_ink, name_ink, cluster_ink, cloud_palette(inks)
    text       inert, clip, fill, fill_left                     safe names, cut to cells
    numbers    compact(value), percent(value)                   1.2e-05, 3.4M
    legend     Key(name, ink, glyph, note, alert), flow_legend(keys, width, height)
    camera     Camera(yaw, pitch, zoom, target), .rotated, .zoomed, .moved, .aimed, .upright
    cloud      Cloud(xyz, classes), Marker(position, text, ink)
               cloud.draw(camera, width, height, palette, limit=None, markers=())
               cloud.recoloured(classes, visible), cloud.home, cloud.count, cloud.class_centres
    picking    pick(cloud, camera, width, height, cell), neighbour(cloud, camera, point, right, up),
               within(cloud, camera, outline, count), place(cloud, camera, width, height, corner)
    curve      Curve(name, x, y, low, high, marks, ink, last, not_finite), Mark(x, kind)
               draw_curves(curves, width, height, CurveStyle(log_y=False, smoothing=0.0, ...))
    sparkline  draw_sparkline(values, width, height, ink)
    bars       bar(value, scale, width, ink), ACCURACY
    scale      Scale(low, high, log=False), .ticks(most), .place(values)
    stack      Share(name, amount, ink, letter), draw_stack(shares, width, height)
    timeline   Window(index, predicted, actual), draw_timeline(windows, width, height)
    scatter    Dot(name, x, y, ink), draw_scatter(dots, width, height, log_x=True, x_label="", y_label="")
    table      Column(title, align), draw_table(columns, rows, width, height)
"""
