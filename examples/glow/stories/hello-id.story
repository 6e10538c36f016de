# Indonesian: the menu for newcomers.
story: hello, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v39: ini bagus ga kak?
                  fired question-id
                  public: Cek DM ya kak
                  bot: Halo kak, Glow Cosmetics bisa bantu apa? [Lihat produk] [Promo] [Chat admin]
      +1m         putri_a taps [Lihat produk]
                  card: shop: Ini link tokonya kak 🛒
                  state: waiting

      +1h         dewi comments on v39: ini bagus ga kak?
                  fired question-id
                  public: Sudah kami DM ya kak 💕
                  bot: Halo kak, Glow Cosmetics bisa bantu apa? [Lihat produk] [Promo] [Chat admin]
      +1m         dewi taps [Promo]
                  bot: Kode kak dewi adalah GLOW15, diskon 15% sampai minggu ini.
                  card: shop: Ini link tokonya kak 🛒
                  state: waiting

      +1h         sari99 comments on v39: ini bagus ga kak?
                  fired question-id
                  public: Sudah dibalas di pesan ya kak
                  bot: Halo kak, Glow Cosmetics bisa bantu apa? [Lihat produk] [Promo] [Chat admin]
      +1m         sari99 taps [Chat admin]
                  inbox: handoff (wrote at the menu)
                  state: human (handoff)
      +5m         putri@glow.example hands back sari99
                  state: waiting

      +1h         rina comments on v39: ini bagus ga kak?
                  fired question-id
                  public: Detailnya sudah kami kirim kak
                  bot: Halo kak, Glow Cosmetics bisa bantu apa? [Lihat produk] [Promo] [Chat admin]
      +1m         rina: mau tanya dulu
                  inbox: handoff (wrote at the menu)
                  state: human (handoff)
      +5m         putri@glow.example hands back rina
                  state: waiting
