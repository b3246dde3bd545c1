// Package client takes part in Handout rooms from Go: it joins, hears what happens,
// sends files, and receives them verified.
//
//	room, err := client.Join(ctx, client.Config{Server: "https://files.example.org", Token: token})
//	if err != nil {
//		return err
//	}
//	defer room.Leave(ctx)
//	share, err := room.Send(ctx, file, client.SendOptions{To: protocol.ToRoom()})
//
// Everything that the server refuses comes back as a [protocol.Error] with the code
// that docs/protocol.md explains. Lost connections, restarts of the server and
// refusals that pass by themselves are waited out: a transfer goes on from the byte
// that it was at, until its context ends. To cancel a transfer, cancel its context.
package client
