// A call with file sharing, written for the EnxRoom API: the calls, the listeners and the
// switches stand as the API's own page has them. Nothing in this file knows of Handout.
var room;

document.getElementById('enter').addEventListener('submit', function (event) {
  event.preventDefault();
  var form = new FormData(event.target);
  fetch('/token', { method: 'POST', body: JSON.stringify({ name: form.get('name'), room: form.get('room') }) })
    .then(function (response) { return response.json(); })
    .then(function (reply) { join(reply.token); });
});

function join(token) {
  EnxRtc.joinRoom(token, { audio: true, video: true, data: true }, function (success, error) {
    if (error) { say(error.message); return; }
    room = success.room;
    listen();
    document.getElementById('enter').hidden = true;
    document.getElementById('call').hidden = false;
    showPeople();
  });
}

function listen() {
  room.addEventListener('user-connected', showPeople);
  room.addEventListener('user-disconnected', showPeople);

  room.addEventListener('fs-upload-result', function (event) {
    var msg = event.message;
    switch (msg.messageType) {
      case 'upload-started':
        // Note msg.upJobId for management
        showUpload(msg.upJobId, msg.response.uploadInfo.name, 'sending');
        break;
      case 'upload-completed':
        // Know msg.upJobId is completed
        showUpload(msg.upJobId, msg.response.uploadInfo.name, 'sent');
        break;
      case 'upload-failed':
        // Know msg.upJobId has failed
        showUpload(msg.upJobId, msg.response.uploadInfo.name, msg.response.uploadStatus);
        break;
      default:
        break;
    }
  });

  room.addEventListener('fs-download-result', function (event) {
    var msg = event.message;
    switch (msg.messageType) {
      case 'download-available':
        showAvailable();
        break;
      case 'download-started':
        // Note msg.jobId for cancellation
        showDownload(msg.response.jobId, 'saving');
        break;
      case 'download-completed':
        // Know msg.jobId is completed
        showDownload(msg.response.jobId, 'saved');
        break;
      case 'download-failed':
        // Know msg.jobId has failed
        showDownload(msg.response.jobId, msg.response.downloadStatus);
        break;
      default:
        break;
    }
  });
}

document.getElementById('send').addEventListener('click', function () {
  var input = document.getElementById('files');
  var clientList = Array.from(document.querySelectorAll('#people input:checked'), function (box) { return box.value; });
  var shareOptions = {
    "isMobile": false,
    "broadcast": clientList.length === 0,
    "clientList": clientList
  };
  room.sendFiles(input.files, shareOptions, function (resp) {
    if (resp.result == "0") {
      say(resp.response.uploadInfo.name + ' is with the others');
    } else {
      say(resp.desc);
    }
  });
  input.value = '';
});

function receive(index) {
  let myFiles = room.availableFiles;
  room.recvFiles(myFiles[index].index, {}, function (resp) {
    if (resp.result == "0") {
      say(resp.response.name + ' is saved');
    } else {
      say(resp.desc);
    }
  });
}

function cancelUpload(id) {
  room.cancelUploads(id, false, function (resp) {
    if (resp.result != "0") say(resp.description);
  });
}

function cancelDownload(id) {
  room.cancelDownloads(id, false, function (resp) {
    if (resp.result != "0") say(resp.description);
  });
}

// What follows shows all that.

function showPeople() {
  var tiles = document.getElementById('tiles');
  var people = document.getElementById('people');
  tiles.replaceChildren();
  people.replaceChildren();
  room.userList.forEach(function (user) {
    var tile = tiles.appendChild(document.createElement('figure'));
    tile.dataset.initial = user.name.charAt(0);
    tile.appendChild(document.createElement('figcaption')).textContent =
      user.clientId === room.clientId ? user.name + ' (you)' : user.name;
    if (user.clientId === room.clientId) return;
    var label = people.appendChild(document.createElement('label'));
    var box = label.appendChild(document.createElement('input'));
    box.type = 'checkbox';
    box.value = user.clientId;
    label.append(' ' + user.name);
  });
  if (room.userList.size === 1) people.textContent = 'Nobody else is here yet.';
}

function showAvailable() {
  room.availableFiles.forEach(function (file) {
    line('available', file.index, file.name, 'from ' + file.sender, 'Save', function () { receive(file.index); });
  });
}

function showUpload(id, name, status) {
  line('sent', id, name, status, status === 'sending' ? 'Cancel' : '', function () { cancelUpload(id); });
}

function showDownload(id, status) {
  var again = status === 'saving' ? 'Cancel' : 'Save';
  line('available', id, room.availableFiles[id].name, status, again, function () {
    if (status === 'saving') cancelDownload(id); else receive(Number(id));
  });
}

/** A line of a list: it is made when it is first told of; a later word replaces the earlier. */
function line(list, id, name, status, action, act) {
  var key = list + '-' + id;
  var item = document.getElementById(key) || document.getElementById(list).appendChild(document.createElement('li'));
  if (item.id && list === 'available' && status.indexOf('from ') === 0) return; // its state is newer
  item.id = key;
  item.replaceChildren();
  item.appendChild(document.createElement('b')).textContent = name;
  item.append(' ');
  item.appendChild(document.createElement('small')).textContent = status;
  if (!action) return;
  var button = item.appendChild(document.createElement('button'));
  button.textContent = action;
  button.setAttribute('aria-label', action + ' ' + name);
  button.onclick = act;
}

function say(text) { document.getElementById('said').textContent = text; }
